//! What one session may take (Law 3).

/// Longest line, in bytes, of any command but a retrieval; memcached's.
pub const LINE_MAX: usize = 2048;

/// What one session may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest line of a retrieval, in bytes; other lines, and those of `gat`
    /// that come in pieces, are bounded by [`LINE_MAX`].
    pub retrieval_line: usize,
    /// Bytes of output in one run after which the session pauses. The last
    /// value may exceed it.
    pub output: usize,
    /// Operations in one run, refused ones included, after which the session
    /// pauses.
    pub operations: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            retrieval_line: 1 << 20,
            output: 64 << 10,
            operations: 1024,
        }
    }
}

impl Limits {
    /// The largest single buffer that a session comes to need when items have
    /// up to `item_size` bytes: for
    /// [`Budget::new`](crate::Budget::new).
    pub fn largest_buffer(&self, item_size: usize) -> usize {
        let request = self
            .retrieval_line
            .max(item_size)
            .saturating_add(2 * LINE_MAX);
        let reply = self
            .output
            .saturating_add(item_size)
            .saturating_add(LINE_MAX);
        request.max(reply)
    }
}
