//! A client and the worker it talks to, without a socket between them.

use net::{Arena, Budget, Charge, Close, Intake, Limits, Mark, Next, Output, Progress, Session};

use crate::map::{ITEM_MAX, Map, Place};

/// One session with all it needs.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) session: Session<Place>,
    pub(crate) limits: Limits,
    pub(crate) budget: Budget,
    pub(crate) map: Map,
    arena: Arena,
    /// Everything the session wrote.
    pub(crate) out: Vec<u8>,
    pub(crate) closed: Option<Close>,
    pub(crate) operations: u32,
    pub(crate) refused: u32,
    /// Most bytes the session ever held after a run.
    pub(crate) held_most: usize,
    /// Most bytes it wrote in one run.
    pub(crate) out_most: usize,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        Client {
            session: Session::new(),
            budget: Budget::new(0, limits.largest_buffer(ITEM_MAX)),
            limits,
            map: Map::default(),
            arena: Arena::new(64 << 10),
            out: Vec::new(),
            closed: None,
            operations: 0,
            refused: 0,
            held_most: 0,
            out_most: 0,
        }
    }

    /// Receives all of `bytes`, at most `size` at once, and runs until the
    /// session asks for more or cannot go on. Returns what comes next then.
    pub(crate) fn send_in(&mut self, mut bytes: &[u8], size: usize) -> Next {
        let mut next = Next::Receive;
        while !bytes.is_empty() && next == Next::Receive {
            let taken;
            (taken, next) = self.receive(bytes, size);
            bytes = &bytes[taken..];
            while next == Next::Resume {
                next = self.resume();
            }
        }
        next
    }

    /// Receives `bytes`, as far as there is room, and runs once.
    pub(crate) fn send_once(&mut self, bytes: &[u8]) -> Next {
        let (taken, next) = self.receive(bytes, usize::MAX);
        assert_eq!(taken, bytes.len(), "too much for one receive");
        next
    }

    /// Receives once, at most `size` of `bytes`, and runs. Returns how many it
    /// took.
    fn receive(&mut self, bytes: &[u8], size: usize) -> (usize, Next) {
        let offered = &bytes[..size.min(bytes.len())];
        match self.session.intake() {
            Intake::Own(room) => {
                let taken = room.len().min(offered.len());
                assert!(taken > 0, "a session asked for bytes and left no room");
                room[..taken].copy_from_slice(&offered[..taken]);
                self.session.received(taken);
                (taken, self.resume())
            }
            Intake::Placed(room) => {
                // What follows the value goes to the arena, as much as comes.
                let (first, behind) = offered.split_at(room.len().min(offered.len()));
                room[..first.len()].copy_from_slice(first);
                self.session.received(first.len());
                if behind.is_empty() {
                    (first.len(), self.resume())
                } else {
                    let behind = &behind[..behind.len().min(16 << 10)];
                    (first.len() + behind.len(), self.run_on(behind).next)
                }
            }
            Intake::Shared(kept) => {
                self.arena.clear();
                let room = self.arena.open(kept, 16 << 10).expect("room for one");
                let taken = room.len().min(offered.len());
                room[..taken].copy_from_slice(&offered[..taken]);
                let piece = self.arena.close(taken);
                let input = self.arena.bytes(&piece).to_vec();
                (taken, self.run_on(&input).next)
            }
        }
    }

    /// Bytes the session holds.
    pub(crate) fn held(&self) -> usize {
        self.session.charges().map(Charge::bytes).sum()
    }

    /// Others want what it holds.
    pub(crate) fn is_wanted(&self) -> bool {
        self.session.charges().any(Charge::is_wanted)
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> Next {
        self.send_in(bytes, usize::MAX)
    }

    /// Runs once on `input`.
    pub(crate) fn run_on(&mut self, input: &[u8]) -> Progress {
        let mut out = Output::default();
        let (limits, budget) = (&self.limits, &self.budget);
        let progress = self
            .session
            .run(input, limits, budget, &mut self.map, &mut out);
        self.note(&progress, &out);
        progress
    }

    pub(crate) fn resume(&mut self) -> Next {
        let mut out = Output::default();
        let (limits, budget) = (&self.limits, &self.budget);
        let progress = self.session.resume(limits, budget, &mut self.map, &mut out);
        self.note(&progress, &out);
        progress.next
    }

    /// The output so far, once.
    pub(crate) fn take_out(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.out)).into_owned()
    }

    fn note(&mut self, progress: &Progress, out: &Output<'_>) {
        let replies = out.between(Mark::default(), out.mark());
        replies
            .pieces()
            .for_each(|piece| self.out.extend_from_slice(piece));
        self.out_most = self.out_most.max(out.len());
        self.operations += progress.operations;
        self.refused += progress.refused;
        self.held_most = self.held_most.max(self.held());
        if let Next::Close(reason) = progress.next {
            self.closed = Some(reason);
        }
    }
}
