//! The command line: what is asked, where the answer goes, and with which exit code it ends.
//!
//! This layer alone touches files and the terminal. It decides nothing about the service or about scenarios. Every
//! subcommand writes its answer to standard output and everything else (errors, progress) to standard error.

mod args;
mod behind;
mod bless;
mod explore;
mod files;
mod guard;
mod output;
mod pages;
mod part;
mod progress;
mod replay;
mod report;
mod run;
mod shrink;
mod summary;

use args::{Args, Command};
use clap::Parser;
use output::{Exit, Fault, Output};
use std::process::ExitCode;

/// Reads the command line, does what it asks and answers the exit code.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are answers; a closed pipe is no reason to complain about either.
            let _ = error.print();
            return match error.use_stderr() {
                true => Exit::Usage.into(),
                false => Exit::Held.into(),
            };
        }
    };
    let mut out = Output::new(args.color);
    let done = dispatch(&args.command, &mut out);
    match done.and_then(|exit| out.flush().map(|()| exit)) {
        Ok(exit) => exit.into(),
        Err(Fault::PipeClosed) => Exit::Held.into(),
        Err(fault) => {
            out.complain(&fault);
            Exit::Usage.into()
        }
    }
}

fn dispatch(command: &Command, out: &mut Output) -> Result<Exit, Fault> {
    match command {
        Command::Run(args) => run::run(args, out),
        Command::Check(args) => run::check(args, out),
        Command::Replay(args) => replay::replay(args, out),
        Command::Diff(args) => replay::diff(args, out),
        Command::Shrink(args) => shrink::shrink(args, out),
        Command::Bless(args) => bless::bless(args, out),
        Command::Explore(args) => explore::explore(args, out),
        Command::Schema => pages::schema(out),
        Command::Table(args) => pages::table(args, out),
        Command::Codes(args) => pages::codes(args, out),
        Command::Policies(args) => pages::policies(args, out),
    }
}
