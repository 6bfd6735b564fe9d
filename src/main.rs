//! The `sdrsim` command: files, terminal and exit codes around the library.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
