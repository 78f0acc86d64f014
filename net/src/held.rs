//! The bytes a session holds between turns.

use crate::budget::{Budget, Charge, Place, Purpose};

/// Received bytes whose turn has not come, and room for more where a long
/// request is being received straight into them. Charged for its capacity.
///
/// ```text
/// | consumed | waiting to be run | spare |
/// 0          start               end     bytes.len()
/// ```
#[derive(Debug)]
pub(crate) struct Held {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    charge: Charge,
}

impl Held {
    /// Keeps a copy of `rest`, no more. `None`: there is no budget for it.
    pub(crate) fn keep(rest: &[u8], budget: &Budget) -> Option<Box<Held>> {
        let charge = budget.keep(rest.len())?;
        Some(Box::new(Held {
            bytes: rest.to_vec(),
            start: 0,
            end: rest.len(),
            charge,
        }))
    }

    /// A buffer of `capacity` bytes for one long request that starts with
    /// `rest`. `None`: there is no budget for it now.
    pub(crate) fn receive(
        rest: &[u8],
        capacity: usize,
        budget: &Budget,
        place: &mut Option<Place>,
    ) -> Option<Box<Held>> {
        let charge = budget.request(Purpose::Request, capacity, place)?;
        let mut bytes = vec![0; capacity];
        let (front, _) = bytes.split_at_mut_checked(rest.len())?;
        front.copy_from_slice(rest);
        Some(Box::new(Held {
            bytes,
            start: 0,
            end: rest.len(),
            charge,
        }))
    }

    /// Appends as much of `bytes` as there is room for.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        for (to, from) in self.spare().iter_mut().zip(bytes) {
            *to = *from;
        }
        self.fill(bytes.len());
    }

    /// Sees to it that a buffer for a long request has spare room, by doubling
    /// it, but not beyond `most`. `None`: there is no budget.
    pub(crate) fn with_room(
        mut self: Box<Self>,
        most: usize,
        place: &mut Option<Place>,
    ) -> Option<Box<Held>> {
        if self.spare().is_empty() {
            let capacity = self.bytes.len().saturating_mul(2).min(most);
            if !self.charge.grow(capacity, place) {
                return None;
            }
            self.bytes.reserve_exact(capacity - self.bytes.len());
            self.bytes.resize(capacity, 0);
        }
        Some(self)
    }

    /// Cuts it down to the bytes waiting to be run.
    pub(crate) fn shrink(&mut self) {
        self.bytes.truncate(self.end);
        self.bytes.drain(..self.start);
        self.bytes.shrink_to_fit();
        self.end -= self.start;
        self.start = 0;
        self.charge.shrink(self.end);
    }

    /// It is a buffer for one long request.
    pub(crate) fn is_long(&self) -> bool {
        self.charge.purpose() == Purpose::Request
    }

    /// What it was charged with: its capacity.
    pub(crate) fn charge(&self) -> &Charge {
        &self.charge
    }

    /// Nothing was consumed: what was there first is still at the front.
    pub(crate) fn is_untouched(&self) -> bool {
        self.start == 0
    }

    /// The bytes waiting to be run.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Forgets the first `bytes` of them.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.start = (self.start + bytes).min(self.end);
    }

    /// Room for more.
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// The first `bytes` of the spare room have been filled.
    pub(crate) fn fill(&mut self, bytes: usize) {
        self.end = (self.end + bytes).min(self.bytes.len());
    }
}
