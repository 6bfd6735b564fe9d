//! Finding, reading and replacing files.
//!
//! Replacing is atomic: the new content goes into a file beside the old one, is brought to the disk, and then takes its
//! name. Whoever looks sees the old content or the new one, never half of either.

use super::output::{Fault, output_fault};
use sdrsim::scenario::yaml::limits::FILE_BYTES;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Where a scenario comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Source {
    /// The name under which errors speak of it.
    pub fn name(&self) -> String {
        match self {
            Source::File(path) => path.display().to_string(),
            Source::Stdin => "<stdin>".to_owned(),
        }
    }

    /// The whole content. Of a file that is larger than any scenario may be, only enough to say so.
    ///
    /// # Errors
    /// [`Fault::Read`].
    pub fn read(&self) -> Result<Vec<u8>, Fault> {
        let most = FILE_BYTES as u64 + 1;
        let mut bytes = Vec::new();
        let done = match self {
            Source::File(path) => {
                fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
            }
            Source::Stdin => io::stdin().lock().take(most).read_to_end(&mut bytes),
        };
        done.map_err(|cause| Fault::Read {
            path: self.name().into(),
            cause,
        })?;
        Ok(bytes)
    }
}

/// The scenarios that the paths stand for, in order: a file is itself, `-` is standard input, and a folder is every
/// `*.yaml` and `*.yml` file below it, sorted by path. A file named twice is taken once.
///
/// # Errors
/// A path that cannot be read, a folder without a scenario, `-` given twice.
pub fn sources(paths: &[PathBuf]) -> Result<Vec<Source>, Fault> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        if is_dash(path) {
            if found.contains(&Source::Stdin) {
                return Err(Fault::StdinTwice);
            }
            found.push(Source::Stdin);
            continue;
        }
        let about = fs::metadata(path).map_err(|cause| read_fault(path, cause))?;
        let files = if about.is_dir() {
            let mut files = Vec::new();
            below(path, &mut BTreeSet::new(), &mut files)?;
            if files.is_empty() {
                return Err(Fault::Empty(path.clone()));
            }
            files
        } else {
            vec![path.clone()]
        };
        for file in files {
            let real = fs::canonicalize(&file).map_err(|cause| read_fault(&file, cause))?;
            if seen.insert(real) {
                found.push(Source::File(file));
            }
        }
    }
    Ok(found)
}

fn read_fault(path: &Path, cause: io::Error) -> Fault {
    Fault::Read {
        path: path.to_owned(),
        cause,
    }
}

/// Collects the scenario files below a folder, sorted. A folder that was seen already, by whatever name, is not entered
/// again, so links that lead in a circle end. Hidden files and folders are left out.
fn below(
    folder: &Path,
    entered: &mut BTreeSet<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> Result<(), Fault> {
    let fault = |cause| read_fault(folder, cause);
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        if !entered.insert(fs::canonicalize(&folder).map_err(fault)?) {
            continue;
        }
        for entry in fs::read_dir(&folder).map_err(|cause| read_fault(&folder, cause))? {
            let entry = entry.map_err(|cause| read_fault(&folder, cause))?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            let scenario = path
                .extension()
                .is_some_and(|end| end == "yaml" || end == "yml");
            match fs::metadata(&path) {
                Ok(about) if about.is_dir() => waiting.push(path),
                Ok(about) if about.is_file() && scenario => files.push(path),
                Ok(_) => {}
                // A link that leads nowhere matters only if it bears a scenario's name.
                Err(_) if !scenario => {}
                Err(cause) => return Err(read_fault(&path, cause)),
            }
        }
    }
    files.sort();
    Ok(())
}

/// A file in the making, beside the one whose name it will take.
pub struct Replacement {
    file: tempfile::NamedTempFile,
    /// The file itself, links resolved: a link stays a link and what it leads to is replaced.
    target: PathBuf,
}

impl Replacement {
    /// Begins to replace a file, or to make a new one. Nothing is seen of it before [`Replacement::finish`]; if that
    /// is never called, nothing remains.
    ///
    /// # Errors
    /// [`Fault::Write`].
    pub fn begin(path: &Path) -> Result<Replacement, Fault> {
        let fault = |cause| write_fault(path, cause);
        let target = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(fault(error)),
        };
        match fs::metadata(&target) {
            Ok(about) if about.is_dir() => return Err(fault(io::ErrorKind::IsADirectory.into())),
            // A device or a pipe must not be replaced by a file.
            Ok(about) if !about.is_file() => {
                return Err(fault(io::Error::other("not a regular file")));
            }
            _ => {}
        }
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        // A new file gets what the user's mask leaves of the usual mode; an old one's own mode follows below.
        let mut options = fs::OpenOptions::new();
        options.read(true).write(true).create_new(true);
        // Made and written by the standard library, whose errors do not name the file in the making.
        let file = tempfile::Builder::new()
            .prefix(".sdrsim-")
            .make_in(folder, |path| options.open(path))
            .map_err(fault)?;
        if let Ok(about) = fs::metadata(&target) {
            file.as_file()
                .set_permissions(about.permissions())
                .map_err(fault)?;
        }
        Ok(Replacement { file, target })
    }

    /// Brings the content to the disk and gives it its name.
    ///
    /// # Errors
    /// [`Fault::Write`]; the old file is as it was then.
    pub fn finish(self) -> Result<(), Fault> {
        let target = self.target;
        self.file
            .as_file()
            .sync_all()
            .map_err(|cause| write_fault(&target, cause))?;
        self.file
            .persist(&target)
            .map_err(|error| write_fault(&target, error.error))?;
        Ok(())
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

/// Whether a path stands for standard input, or for standard output.
pub fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Where something goes that is written whole or not at all: a file, or standard output for `-`, where nothing can be
/// taken back.
pub enum Sink {
    /// A file in the making.
    File(Replacement),
    /// Standard output.
    Stdout(io::Stdout),
}

impl Sink {
    /// As [`Replacement::begin`].
    ///
    /// # Errors
    /// [`Fault::Write`].
    pub fn begin(path: &Path) -> Result<Sink, Fault> {
        match is_dash(path) {
            true => Ok(Sink::Stdout(io::stdout())),
            false => Replacement::begin(path).map(Sink::File),
        }
    }

    /// As [`Replacement::finish`].
    ///
    /// # Errors
    /// [`Fault::Write`], [`Fault::Output`], [`Fault::PipeClosed`].
    pub fn finish(self) -> Result<(), Fault> {
        match self {
            Sink::File(file) => file.finish(),
            Sink::Stdout(mut out) => out.flush().map_err(output_fault),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::File(file) => file.write(bytes),
            Sink::Stdout(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::File(file) => file.flush(),
            Sink::Stdout(out) => out.flush(),
        }
    }
}

/// That something cannot be written to where a [`Sink`] goes.
pub fn sink_fault(path: &Path, cause: io::Error) -> Fault {
    match is_dash(path) {
        true => output_fault(cause),
        false => write_fault(path, cause),
    }
}

/// That what an option writes would take the place of the scenario it is made from; standard output never does.
///
/// # Errors
/// [`Fault::OverScenario`].
pub fn beside(option: &'static str, path: &Path, scenario: &Source) -> Result<(), Fault> {
    let Source::File(scenario) = scenario else {
        return Ok(());
    };
    if is_dash(path) {
        return Ok(());
    }
    match (path.canonicalize(), scenario.canonicalize()) {
        (Ok(path), Ok(scenario)) if path == scenario => Err(Fault::OverScenario { option, path }),
        _ => Ok(()),
    }
}

/// Opens a file to read it line by line, or standard input for `-`.
///
/// # Errors
/// [`Fault::Read`].
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, Fault> {
    if is_dash(path) {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = fs::File::open(path).map_err(|cause| read_fault(path, cause))?;
    Ok(Box::new(BufReader::new(file)))
}

/// That a file cannot be written.
pub fn write_fault(path: &Path, cause: io::Error) -> Fault {
    Fault::Write {
        path: path.to_owned(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_its_scenarios_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("b")).unwrap();
        fs::create_dir(at(".git")).unwrap();
        for name in [
            "z.yaml",
            "a.yml",
            "b/c.yaml",
            "note.md",
            ".git/h.yaml",
            ".x.yml",
        ] {
            fs::write(at(name), "").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), at("b/loop")).unwrap();
        let found = sources(&[folder.path().to_owned(), at("a.yml")]).unwrap();
        let wanted = ["a.yml", "b/c.yaml", "z.yaml"].map(|name| Source::File(at(name)));
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_holds_no_scenario_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let empty = sources(&[folder.path().to_owned()]);
        assert!(matches!(empty, Err(Fault::Empty(_))));
        let missing = sources(&[folder.path().join("none.yaml")]);
        assert!(matches!(missing, Err(Fault::Read { .. })));
        let twice = sources(&["-".into(), "-".into()]);
        assert!(matches!(twice, Err(Fault::StdinTwice)));
    }

    #[test]
    fn what_cannot_be_written_is_told_by_its_own_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none/a.yaml");
        let cause = fs::read(&path).unwrap_err();
        let fault = Replacement::begin(&path).err().unwrap();
        let told = format!("cannot write {}: {cause}", path.display());
        assert_eq!(fault.to_string(), told);
    }

    #[test]
    fn a_replacement_is_seen_only_when_finished_and_keeps_the_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        fs::write(&path, "old").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        }
        let mut dropped = Replacement::begin(&path).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut new = Replacement::begin(&path).unwrap();
        new.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        new.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o640);
        }
    }
}
