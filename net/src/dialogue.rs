//! Where a client's conversation stands: from received bytes to operations,
//! with no regard to where the bytes are held.

use memchr::memchr;

use crate::execute::{Execute, Flow};
use crate::held::Held;
use crate::limits::{LINE_MAX, Limits};
use crate::memcache::ahead::Keys;
use crate::memcache::dump::Style;
use crate::memcache::form::Form;
use crate::memcache::line::{self, LINE_END, Line};
use crate::outlet::Outlet;
use crate::progress::{Close, Next};
use crate::reply::{Error, Reply};
use crate::request::{Get, Header, Request, Way, Words};
use crate::upload::{Begun, PLACED_MIN, Upload};

/// A client that begins with this byte speaks memcached's binary protocol.
const BINARY_MAGIC: u8 = 0x80;

/// A client that begins with this byte speaks TLS: the type of the record that its first message is
/// in (RFC 8446, 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// Keys that the executor is told of before they come.
const AHEAD: usize = 32;

const ALOUD: Form<'_> = Form::Classic { quiet: false };

/// Where a conversation stands. Between runs, a request that is not done is at
/// the front of the bytes that the next run begins with.
#[derive(Debug)]
pub(crate) struct Dialogue<U> {
    /// Bytes of the unfinished line at the front that have no line feed.
    scanned: usize,
    /// Bytes to come that belong to a request already refused.
    skip: usize,
    /// The request that was begun and goes on with what comes next.
    under_way: Option<UnderWay<U>>,
    /// The client has told its protocol.
    is_classic: bool,
}

/// A request that more than one step, or one turn, is for.
#[derive(Debug)]
enum UnderWay<U> {
    /// A retrieval whose line is whole and found valid; its next key is at the front.
    Retrieval(Retrieval),
    /// A dump, whose line is at the front.
    Dump(Walk),
    /// A storage command whose value has a place.
    Store(Box<Begun<U>>),
}

/// What is left to do of a retrieval.
#[derive(Clone, Copy, Debug)]
struct Retrieval {
    unique: bool,
    touch: Option<i64>,
    /// Bytes of the keys to come.
    keys: usize,
    /// Bytes of the keys to come and of the line end.
    line: usize,
}

/// What is left to do of a dump.
#[derive(Clone, Copy, Debug)]
struct Walk {
    style: Style,
    /// Where it goes on.
    from: u64,
    /// Bytes of its line, with the line end.
    line: usize,
}

/// What a dialogue works with during one run.
pub(crate) struct Run<'a, 'v, E> {
    pub(crate) executor: &'a mut E,
    pub(crate) limits: &'a Limits,
    pub(crate) outlet: Outlet<'a, 'v>,
    pub(crate) operations: u32,
    pub(crate) refused: u32,
    /// A dump went on.
    pub(crate) walked: bool,
    /// Bytes at the end of the input of whose keys the executor knows nothing.
    pub(crate) unseen: usize,
    /// A large value may get a place: it has no buffer yet.
    pub(crate) may_begin: bool,
}

/// Why a run ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    /// All input is dealt with.
    Drained,
    /// A line is not whole.
    Line,
    /// A line is not whole and long. Its length is not known; with so many
    /// bytes it would be refused.
    LongLine(usize),
    /// A body is not whole: with its line it has so many bytes.
    Body(usize),
    /// Something else than to receive comes next.
    Now(Next),
}

/// One step through the input: so many bytes are dealt with, and it goes on
/// or not.
type Step = (usize, Option<Stop>);

/// A line without its end.
fn text_of(line: &[u8]) -> &[u8] {
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    text.strip_suffix(b"\r").unwrap_or(text)
}

fn stop(next: Next) -> Step {
    (0, Some(Stop::Now(next)))
}

impl<U: Upload> Dialogue<U> {
    pub(crate) fn new() -> Self {
        Dialogue {
            scanned: 0,
            skip: 0,
            under_way: None,
            is_classic: false,
        }
    }

    /// Bytes are to come that nobody will look at.
    pub(crate) fn is_skipping(&self) -> bool {
        self.skip > 0
    }

    /// The storage command under way whose value has a place.
    pub(crate) fn begun(&self) -> Option<&Begun<U>> {
        match &self.under_way {
            Some(UnderWay::Store(begun)) => Some(begun),
            _ => None,
        }
    }

    pub(crate) fn begun_mut(&mut self) -> Option<&mut Begun<U>> {
        match &mut self.under_way {
            Some(UnderWay::Store(begun)) => Some(begun),
            _ => None,
        }
    }

    /// Forgets that command: it will come again from a buffer.
    pub(crate) fn forget_begun(&mut self) {
        self.under_way = None;
    }

    /// Deals with as much of `bytes` as is whole, and says how much that is.
    pub(crate) fn advance<'v, E: Execute<'v, Upload = U>>(
        &mut self,
        bytes: &[u8],
        run: &mut Run<'_, 'v, E>,
    ) -> (usize, Stop) {
        let mut used = 0;
        loop {
            used += self.skip_part_of(bytes.len() - used);
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return (used, Stop::Drained);
            }
            if run.is_spent() {
                return (used, Stop::Now(Next::Resume));
            }
            let (bytes, stop) = self.step(rest, run);
            used += bytes;
            if let Some(stop) = stop {
                return (used, stop);
            }
        }
    }

    fn skip_part_of(&mut self, bytes: usize) -> usize {
        let skipped = self.skip.min(bytes);
        self.skip -= skipped;
        skipped
    }

    /// Deals with what is at the front of `bytes`.
    fn step<'v, E: Execute<'v, Upload = U>>(
        &mut self,
        bytes: &[u8],
        run: &mut Run<'_, 'v, E>,
    ) -> Step {
        match self.under_way.take() {
            None => {}
            Some(UnderWay::Retrieval(retrieval)) => return self.retrieve(retrieval, bytes, run),
            Some(UnderWay::Dump(walk)) => return self.walk(walk, run),
            Some(UnderWay::Store(begun)) => return self.take_in(begun, bytes, run),
        }
        if !self.is_classic {
            match bytes.first() {
                Some(&BINARY_MAGIC) => return stop(Next::Close(Close::Binary)),
                Some(&TLS_HANDSHAKE) => return stop(Next::Close(Close::Tls)),
                _ => {}
            }
            self.is_classic = true;
        }
        let unseen = bytes.get(self.scanned..).unwrap_or_default();
        let Some(end) = memchr(b'\n', unseen).map(|end| self.scanned + end) else {
            return self.part_of_line(bytes, run);
        };
        self.scanned = 0;
        let line = bytes.get(..end).unwrap_or_default();
        if end > LINE_MAX && !run.allows(line) {
            return run.line_too_long();
        }
        if end + 1 < bytes.len() {
            run.look_ahead(bytes, 0);
        }
        self.perform(text_of(line), end + 1, bytes, run)
    }

    /// A line without its end: either more of it is to come, or it is refused.
    fn part_of_line<E>(&mut self, line: &[u8], run: &mut Run<'_, '_, E>) -> Step {
        self.scanned = line.len();
        if line.len() <= LINE_MAX {
            (0, Some(Stop::Line))
        } else if run.allows(line) && line::may_grow(line) {
            (0, Some(Stop::LongLine(run.limits.retrieval_line + 1)))
        } else {
            run.line_too_long()
        }
    }

    /// Performs a line, which takes `end` bytes with its line end.
    fn perform<'v, E: Execute<'v, Upload = U>>(
        &mut self,
        line: &[u8],
        end: usize,
        bytes: &[u8],
        run: &mut Run<'_, 'v, E>,
    ) -> Step {
        match line::parse(line, &mut [0; _]) {
            Line::Retrieval {
                keys,
                unique,
                touch,
            } => {
                let start = line.len() - keys.len();
                self.under_way = Some(UnderWay::Retrieval(Retrieval {
                    unique,
                    touch,
                    keys: keys.len(),
                    line: end - start,
                }));
                (start, None)
            }
            Line::Storage { header, form } => self.store(&header, form, end, bytes, run),
            Line::Request { request, form } => match run.execute(&request, form) {
                Flow::Done => (end, None),
                Flow::Wait => stop(run.waits_for()),
            },
            Line::Dump { style, all: true } => {
                let (from, line) = (0, end);
                self.under_way = Some(UnderWay::Dump(Walk { style, from, line }));
                (0, None)
            }
            Line::Dump { style, all: false } => {
                run.outlet.dump(style).end();
                run.operations += 1;
                (end, None)
            }
            Line::Refused { error, quiet, skip } => {
                run.refuse(error, quiet);
                self.skip = skip;
                (end, None)
            }
            Line::Quit => stop(Next::Close(Close::Quit)),
            Line::Http => stop(Next::Close(Close::Http)),
        }
    }

    /// Goes on with a dump, by one slice.
    fn walk<'v, E: Execute<'v, Upload = U>>(
        &mut self,
        mut walk: Walk,
        run: &mut Run<'_, 'v, E>,
    ) -> Step {
        let mut dump = run.outlet.dump(walk.style);
        let Some(from) = run.executor.dump(walk.from, &mut dump) else {
            dump.end();
            run.operations += 1;
            return (walk.line, None);
        };
        run.walked |= from != walk.from;
        walk.from = from;
        self.under_way = Some(UnderWay::Dump(walk));
        stop(Next::Resume)
    }

    /// Performs a storage command, whose body begins at `body`.
    fn store<'v, E: Execute<'v, Upload = U>>(
        &mut self,
        header: &Header<'_>,
        form: Form<'_>,
        body: usize,
        bytes: &[u8],
        run: &mut Run<'_, 'v, E>,
    ) -> Step {
        let &Header { key, length, .. } = header;
        let end = body + length;
        let whole = end + LINE_END.len();
        if !run.executor.fits(key.len(), length) {
            let supersedes = header.supersedes;
            if run.execute(&Request::TooLarge { key, supersedes }, form) == Flow::Wait {
                return stop(run.waits_for());
            }
            self.skip = whole - body;
            return (body, None);
        }
        let (Some(value), Some(line_end)) = (bytes.get(body..end), bytes.get(end..whole)) else {
            return self.begin(header, (body, whole), bytes, run);
        };
        if line_end != LINE_END {
            run.refuse(Error::DataChunk, form.is_silent());
            return (whole, None);
        }
        let header = *header;
        match run.execute(&Request::Store { header, value }, form) {
            Flow::Done => (whole, None),
            Flow::Wait => stop(run.waits_for()),
        }
    }

    /// Finds a place for the value of a storage command, `bytes`, that is not
    /// whole: it begins at `body`, and with its line end it ends at `whole`.
    fn begin<'v, E: Execute<'v, Upload = U>>(
        &mut self,
        header: &Header<'_>,
        (body, whole): (usize, usize),
        bytes: &[u8],
        run: &mut Run<'_, 'v, E>,
    ) -> Step {
        let is_put = matches!(header.way, Way::Put(_));
        if !(run.may_begin && is_put && header.length >= PLACED_MIN) {
            return (0, Some(Stop::Body(whole)));
        }
        let line = bytes.get(..body).unwrap_or_default();
        let begun = Held::keep(line, run.outlet.budget).and_then(|line| {
            let upload = run.executor.begin(header)?;
            Some(Begun {
                line,
                whole,
                upload,
            })
        });
        let Some(begun) = begun else {
            return (0, Some(Stop::Body(whole)));
        };
        self.under_way = Some(UnderWay::Store(Box::new(begun)));
        (body, None)
    }

    /// Goes on with a value that has a place: takes in what is at the front of
    /// `bytes`, and once it is whole, performs its command.
    fn take_in<'v, E: Execute<'v, Upload = U>>(
        &mut self,
        mut begun: Box<Begun<U>>,
        bytes: &[u8],
        run: &mut Run<'_, 'v, E>,
    ) -> Step {
        let taken = begun.take(bytes);
        if taken > 0 {
            self.under_way = Some(UnderWay::Store(begun));
            return (taken, None);
        }
        let Some(line_end) = bytes.get(..LINE_END.len()) else {
            self.under_way = Some(UnderWay::Store(begun));
            return (0, Some(Stop::Line));
        };
        let end = LINE_END.len();
        let Begun {
            line,
            whole,
            upload,
        } = *begun;
        let mut room = [0; _];
        // It was a storage command when it began.
        let Line::Storage { header, form } = line::parse(text_of(line.bytes()), &mut room) else {
            return (end, None);
        };
        if line_end != LINE_END {
            run.refuse(Error::DataChunk, form.is_silent());
            return (end, None);
        }
        match run.complete(upload, &header, form) {
            Ok(()) => (end, None),
            Err(upload) => {
                self.under_way = Some(UnderWay::Store(Box::new(Begun {
                    line,
                    whole,
                    upload,
                })));
                stop(run.waits_for())
            }
        }
    }

    /// Looks up the keys of a retrieval, with which `bytes` begin, until they
    /// end or the session must pause.
    fn retrieve<'v, E: Execute<'v, Upload = U>>(
        &mut self,
        retrieval: Retrieval,
        bytes: &[u8],
        run: &mut Run<'_, 'v, E>,
    ) -> Step {
        let Retrieval {
            unique,
            touch,
            keys,
            line,
        } = retrieval;
        let mut words = Words::new(bytes.get(..keys).unwrap_or_default());
        loop {
            let left = words.rest().len();
            let Some(key) = words.next() else {
                run.end_of_retrieval();
                return (line, None);
            };
            run.look_ahead(bytes.get(keys - left..).unwrap_or_default(), left);
            let get = Get {
                key,
                unique,
                touch,
                ..Get::default()
            };
            let next = if run.is_spent() {
                Next::Resume
            } else if run.execute(&Request::Get(get), ALOUD) == Flow::Wait {
                run.waits_for()
            } else {
                continue;
            };
            let used = keys - left;
            self.under_way = Some(UnderWay::Retrieval(Retrieval {
                keys: left,
                line: line - used,
                ..retrieval
            }));
            return (used, Some(Stop::Now(next)));
        }
    }
}

impl<E> Run<'_, '_, E> {
    /// The session's share of this run is used up.
    fn is_spent(&self) -> bool {
        self.operations + self.refused >= self.limits.operations || self.outlet.is_full()
    }

    /// A line may be longer than [`LINE_MAX`], and as long as this.
    fn allows(&self, line: &[u8]) -> bool {
        line.len() <= self.limits.retrieval_line && line::is_retrieval(line)
    }

    pub(crate) fn refuse(&mut self, error: Error, quiet: bool) {
        self.refused += 1;
        let mut sink = self.outlet.sink(Form::Classic { quiet });
        sink.reply(&Reply::Error(error));
    }

    fn line_too_long(&mut self) -> Step {
        self.refuse(Error::LineTooLong, false);
        stop(Next::Close(Close::LineTooLong))
    }

    fn end_of_retrieval(&mut self) {
        self.outlet.sink(ALOUD).reply(&Reply::End);
    }

    /// What an operation that was not executed waits for.
    fn waits_for(&self) -> Next {
        if self.outlet.account.is_short {
            Next::WaitBudget
        } else {
            Next::WaitSpace
        }
    }
}

impl<'v, E: Execute<'v>> Run<'_, 'v, E> {
    /// Tells the executor the keys with which `rest` of the input begins, when
    /// it has dealt with those that it was told. The first `retrieval` bytes
    /// belong to a retrieval under way; else there is a whole line.
    fn look_ahead(&mut self, rest: &[u8], retrieval: usize) {
        if rest.len() > self.unseen {
            return;
        }
        let mut ahead = Keys::new(rest, retrieval);
        let mut keys = [&[][..]; AHEAD];
        let mut told = 0;
        for (key, next) in keys.iter_mut().zip(&mut ahead) {
            *key = next;
            told += 1;
        }
        self.unseen = ahead.left();
        if told > 1 {
            self.executor.expect(keys.get(..told).unwrap_or_default());
        }
    }

    fn execute(&mut self, request: &Request<'_>, form: Form<'_>) -> Flow {
        let flow = self.executor.execute(request, &mut self.outlet.sink(form));
        self.operations += u32::from(flow == Flow::Done);
        flow
    }

    fn complete(
        &mut self,
        upload: E::Upload,
        header: &Header<'_>,
        form: Form<'_>,
    ) -> Result<(), E::Upload> {
        let mut sink = self.outlet.sink(form);
        let completed = self.executor.complete(upload, header, &mut sink);
        self.operations += u32::from(completed.is_ok());
        completed
    }
}
