//! A writer that lets another thread wait for the disk.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

/// How many bytes are handed over at once: the larger the pieces, the more seldom a thread has to be woken.
const PIECE: usize = 1 << 19;
/// How many pieces may wait to be written.
const WAITING: usize = 4;

/// Gathers what is written and hands it to a thread of its own, which writes it in large pieces. Whoever makes a long text then
/// waits for the writer beneath only if that is slower by two megabytes.
///
/// An error of the writer beneath comes out at a later call, and at [`Behind::finish`] at the latest.
#[derive(Debug)]
pub struct Behind<W> {
    at_hand: Vec<u8>,
    full: Option<SyncSender<Vec<u8>>>,
    empty: Receiver<Vec<u8>>,
    thread: Option<JoinHandle<io::Result<W>>>,
}

impl<W: Write + Send + 'static> Behind<W> {
    /// Begins to write to this.
    ///
    /// # Errors
    /// No thread can be made.
    pub fn new(mut writer: W) -> io::Result<Behind<W>> {
        let (full, pieces) = sync_channel::<Vec<u8>>(WAITING);
        let (back, empty) = channel();
        let write = move || {
            for mut piece in pieces {
                writer.write_all(&piece)?;
                piece.clear();
                // Nobody takes it back at the end.
                let _ = back.send(piece);
            }
            writer.flush()?;
            Ok(writer)
        };
        Ok(Behind {
            at_hand: Vec::with_capacity(PIECE),
            full: Some(full),
            empty,
            thread: Some(thread::Builder::new().name("writer".into()).spawn(write)?),
        })
    }

    /// Waits until all is written, and gives back the writer, flushed.
    ///
    /// # Errors
    /// The first error of the writer.
    pub fn finish(mut self) -> io::Result<W> {
        // If it cannot be handed over, the thread has an error, which is what is told.
        let _ = self.hand_over();
        self.join()
    }
}

impl<W> Behind<W> {
    fn hand_over(&mut self) -> io::Result<()> {
        let room = self.empty.try_recv();
        let room = room.unwrap_or_else(|_| Vec::with_capacity(PIECE));
        let piece = std::mem::replace(&mut self.at_hand, room);
        if let Some(full) = &self.full
            && full.send(piece).is_ok()
        {
            return Ok(());
        }
        self.join().map(|_| ())
    }

    fn join(&mut self) -> io::Result<W> {
        self.full = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}

impl<W> Write for Behind<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.at_hand.len() + bytes.len() > PIECE {
            self.hand_over()?;
        }
        self.at_hand.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Hands over what is at hand. It is written when [`Behind::finish`] has answered.
    fn flush(&mut self) -> io::Result<()> {
        match self.at_hand.is_empty() {
            true => Ok(()),
            false => self.hand_over(),
        }
    }
}

/// What is not finished is written and waited for all the same, so that as much arrives as was written, and nobody writes on
/// when it is gone.
impl<W> Drop for Behind<W> {
    fn drop(&mut self) {
        if let Some(full) = self.full.take() {
            // There is nobody left to be told that it cannot be written.
            let _ = full.send(std::mem::take(&mut self.at_hand));
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, and then fails.
    struct Full(Vec<u8>, usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0.len() + bytes.len() > self.1 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn everything_arrives_in_order() {
        for lines in [0, 1, 10_000, 200_000_usize] {
            let mut behind = Behind::new(Vec::new()).unwrap();
            for line in 0..lines {
                writeln!(behind, "{line}").unwrap();
                if line == 77 {
                    behind.flush().unwrap();
                }
            }
            let meant: String = (0..lines).map(|line| format!("{line}\n")).collect();
            assert!(behind.finish().unwrap() == meant.into_bytes());
        }
    }

    #[test]
    fn what_is_not_finished_arrives_too() {
        /// Sends what it is given to a channel.
        struct Sent(std::sync::mpsc::Sender<Vec<u8>>);

        impl Write for Sent {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.send(bytes.to_vec()).unwrap();
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        let (sender, sent) = channel();
        let mut behind = Behind::new(Sent(sender)).unwrap();
        behind.write_all(b"half a line").unwrap();
        drop(behind);
        assert_eq!(sent.iter().collect::<Vec<_>>().concat(), b"half a line");
    }

    #[test]
    fn an_error_beneath_comes_out() {
        let kind = |end: io::Result<Full>| end.map(|_| ()).unwrap_err().kind();
        let mut behind = Behind::new(Full(Vec::new(), 10)).unwrap();
        behind.write_all(b"twelve bytes").unwrap();
        assert_eq!(kind(behind.finish()), io::ErrorKind::StorageFull);
        let mut behind = Behind::new(Full(Vec::new(), 3 * PIECE)).unwrap();
        let line = [b'x'; 1000];
        let failed = (0..1_000_000).find_map(|_| behind.write_all(&line).err());
        let told = failed.expect("the room is bounded").kind();
        assert_eq!(told, io::ErrorKind::StorageFull);
        // It was told; what is asked after that cannot be done.
        assert_eq!(kind(behind.finish()), io::ErrorKind::BrokenPipe);
    }
}
