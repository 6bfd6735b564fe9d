//! The command as another process.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs the command in a folder with this standard input; its exit code, standard output and standard error.
pub fn run(folder: &Path, input: &str, args: &[&str]) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sdrsim"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever does not read its input closes it early.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code().expect("not ended by a signal");
    (code, text(output.stdout), text(output.stderr))
}
