//! SimPy: a Python process that does the work in portions, so that it takes its turn among the others.
//!
//! It runs in an environment of its own below the build's folder, which is made when it is first needed.

use crate::work::{Contestant, Shape, Tally};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What is installed.
const SIMPY: &str = "simpy==4.1.1";

/// A Python that has SimPy.
pub struct Python(PathBuf);

/// Runs something to its end; says what it said if it fails.
fn run(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("`{program}` does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.trim().lines().last().unwrap_or("no reason given");
    Err(format!("`{program}` failed: {last}"))
}

impl Python {
    /// Makes the environment if it is not there; says what is missing if it cannot be made.
    pub fn prepare() -> Result<Python, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/simpy");
        let python = folder.join("bin/python");
        let works = |python: &Path| run(Command::new(python).args(["-c", "import simpy"])).is_ok();
        if !works(&python) {
            run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
            run(Command::new(&python).args(["-m", "pip", "install", "--quiet", SIMPY]))?;
        }
        match works(&python) {
            true => Ok(Python(python)),
            false => Err(format!("{SIMPY} is installed and cannot be imported")),
        }
    }
}

/// A running process.
pub struct Simpy {
    process: Child,
    tell: ChildStdin,
    hear: BufReader<ChildStdout>,
    took: f64,
}

impl Simpy {
    pub fn new(python: &Python, shape: Shape) -> Result<Simpy, String> {
        let rests = if shape.operations == u32::MAX {
            0
        } else {
            shape.operations
        };
        let mut process = Command::new(&python.0)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("simpy_jobs.py"))
            .args([shape.groups, shape.pairs, rests].map(|number| number.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("SimPy does not start: {error}"))?;
        let tell = process.stdin.take().expect("it was asked for");
        let hear = BufReader::new(process.stdout.take().expect("it was asked for"));
        let mut simpy = Simpy {
            process,
            tell,
            hear,
            took: 0.0,
        };
        match simpy.line()?.starts_with("ready") {
            true => Ok(simpy),
            false => Err("SimPy does not say that it is ready".into()),
        }
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.hear.read_line(&mut line) {
            Ok(1..) => Ok(line),
            _ => Err("SimPy has ended early".into()),
        }
    }
}

impl Contestant for Simpy {
    fn name(&self) -> &'static str {
        "SimPy 4"
    }

    fn run(&mut self, events: u64) -> Result<Tally, String> {
        writeln!(self.tell, "{events}").map_err(|error| format!("SimPy is gone: {error}"))?;
        let line = self.line()?;
        let mut numbers = line.split(' ').map(|it| it.trim().parse::<f64>());
        let mut next = || numbers.next()?.ok();
        let numbers = (|| Some([next()?, next()?, next()?, next()?]))();
        let [events, operations, now, took] =
            numbers.ok_or_else(|| format!("SimPy said `{}`", line.trim()))?;
        self.took = took;
        Ok(Tally {
            events: events as u64,
            operations: operations as u64,
            now: now as u64,
        })
    }

    fn took(&self) -> Option<f64> {
        Some(self.took)
    }
}

impl Drop for Simpy {
    fn drop(&mut self) {
        // Its input ends with it; whether it is gone already does not matter.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
