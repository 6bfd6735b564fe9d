//! Bytes as a source of choices: each takes one or two, and where they have ended every choice is the first.

/// Takes bytes one after another.
pub struct Bytes<'d> {
    left: &'d [u8],
}

impl<'d> Bytes<'d> {
    /// All of these.
    pub const fn new(data: &'d [u8]) -> Bytes<'d> {
        Bytes { left: data }
    }

    /// Whether none are left.
    pub const fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// The next; 0 if there is none.
    pub fn byte(&mut self) -> u8 {
        match self.left.split_first() {
            Some((first, rest)) => {
                self.left = rest;
                *first
            }
            None => 0,
        }
    }

    /// The next two as a number.
    pub fn pair(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// One of `0..choices`; 0 if there is none.
    pub fn below(&mut self, choices: usize) -> usize {
        usize::from(self.byte()) % choices.max(1)
    }

    /// One of these.
    pub fn one<'t, T>(&mut self, of: &'t [T]) -> Option<&'t T> {
        let at = self.below(of.len());
        of.get(at)
    }
}
