//! What holds for whatever bytes a parser is given. `net/fuzz` looks for bytes
//! for which it does not; the tests below begin with those kept from its runs.

use crate::admin::{self, Document, Value};
use crate::memcache::base64::{self, KEY_ROOM};
use crate::memcache::form::Form;
use crate::memcache::line::{self, LINE_END, Line};
use crate::memcache::number;
use crate::reply::{Item, Number, Renewal, Reply, Ttl};
use crate::request::{KEY_MAX, Request, Words};

/// A line of the classic protocol.
pub fn classic(bytes: &[u8]) {
    let line = line_of(bytes);
    if line.first() != Some(&b'm') {
        read(line);
    }
}

/// A line of the meta protocol, without the letter with which all begin.
pub fn meta(bytes: &[u8]) {
    read(&[b"m", line_of(bytes)].concat());
}

/// What decodes has one spelling that stands for it, and every key has one.
pub fn base64(bytes: &[u8]) {
    let mut room = [0; KEY_ROOM];
    if let Some(key) = base64::decode(bytes, &mut room) {
        is_spelled(key);
    }
    let key = bytes.get(..KEY_ROOM).unwrap_or(bytes);
    if !key.is_empty() {
        is_spelled(key);
    }
}

/// Numbers are those that the standard library reads.
pub fn number(bytes: &[u8]) {
    let text = str::from_utf8(bytes).ok();
    let unsigned: Option<u64> = text.and_then(|text| text.parse().ok());
    let signed: Option<i64> = text.and_then(|text| text.parse().ok());
    assert_eq!(number::unsigned(bytes), unsigned);
    assert_eq!(number::signed(bytes), signed);
}

/// What is understood of the admin protocol is understood again once it is
/// written anew.
pub fn admin(bytes: &[u8]) {
    if let Ok(request) = admin::Request::parse(bytes) {
        let line = request.to_string();
        assert_eq!(admin::Request::parse(line.as_bytes()), Ok(request));
    }
    let text = str::from_utf8(bytes).ok();
    let read = |text: &str| admin::parse_address(text, admin::PORT);
    if let Some(address) = text.and_then(read) {
        assert_eq!(read(&address.to_string()), Some(address));
    }
    if let Some(key) = text.and_then(admin::key_bytes) {
        assert_eq!(admin::key_bytes(&admin::key_text(&key)), Some(key));
    }
    match Document::parse(bytes) {
        Ok(Document::Rows(rows)) => {
            let mut writer = admin::Writer::new();
            for row in &rows {
                writer.row(row);
            }
            let line = writer.finish();
            let Ok(Document::Rows(again)) = Document::parse(&line) else {
                panic!("{:?}", line.escape_ascii().to_string());
            };
            assert_eq!(again.len(), rows.len());
            for (again, row) in again.iter().zip(&rows) {
                assert_eq!((&again.name, &again.unit), (&row.name, &row.unit));
                match (&again.value, &row.value) {
                    // The last digit of a fraction may be lost.
                    (Value::Real(_), Value::Real(_)) => {}
                    (again, row) => assert_eq!(again, row),
                }
            }
        }
        Ok(Document::Error(error)) => {
            let line = admin::error_line(&error);
            assert_eq!(Document::parse(&line), Ok(Document::Error(error)));
        }
        Err(_) => {}
    }
}

/// The first line.
fn line_of(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == b'\n').next().unwrap_or(bytes)
}

fn is_spelled(key: &[u8]) {
    let mut text = Vec::new();
    base64::encode(key, &mut text);
    assert!(text.len() <= KEY_MAX);
    assert_eq!(base64::decode(&text, &mut [0; KEY_ROOM]), Some(key));
}

/// Nothing that cannot be is asked for, and every answer can be told.
fn read(line: &[u8]) {
    match line::parse(line, &mut [0; KEY_ROOM]) {
        Line::Retrieval { keys, .. } => {
            for key in Words::new(keys) {
                can_be_key(key);
            }
        }
        Line::Storage { header, form } => {
            can_be_key(header.key);
            // With its line end it is counted in an i32.
            assert!(i32::try_from(header.length + LINE_END.len()).is_ok());
            answers(header.key, &form);
        }
        Line::Request { request, form } => {
            let key = key_of(&request);
            key.inspect(|key| can_be_key(key));
            answers(key.unwrap_or_default(), &form);
        }
        Line::Dump { .. } | Line::Refused { .. } | Line::Quit | Line::Http => {}
    }
}

fn can_be_key(key: &[u8]) {
    assert!(!key.is_empty() && key.len() <= KEY_MAX);
}

fn key_of<'a>(request: &Request<'a>) -> Option<&'a [u8]> {
    match *request {
        Request::Get(ref get) => Some(get.key),
        Request::Invalidate(ref invalidate) => Some(invalidate.key),
        Request::Arith(ref arith) => Some(arith.key),
        Request::Delete { key, .. }
        | Request::Touch { key, .. }
        | Request::TooLarge { key, .. } => Some(key),
        Request::Store { ref header, .. } => Some(header.key),
        Request::Noop
        | Request::FlushAll { .. }
        | Request::Verbosity { .. }
        | Request::Version
        | Request::RefreshCerts
        | Request::Stats { .. } => None,
    }
}

/// Every answer is whole lines, and that of a found item fits in the room that
/// is kept for it.
fn answers(key: &[u8], form: &Form<'_>) {
    let ttl = Ttl {
        before: Some(u32::MAX),
        touched: Some(u32::MAX),
        made: Some(Some(u32::MAX)),
    };
    let counter = Number {
        value: u64::MAX,
        unique: u64::MAX,
        ttl,
        is_new: false,
    };
    for reply in [
        Reply::Miss,
        Reply::Stored {
            unique: u64::MAX,
            length: usize::MAX,
        },
        Reply::NotStored,
        Reply::Exists,
        Reply::NotFound,
        Reply::Deleted,
        Reply::Touched,
        Reply::Number(counter),
        Reply::Ok,
        Reply::Failed("of a file's name\r\nEND"),
    ] {
        let mut out = Vec::new();
        form.write(&reply, &mut out);
        assert!(out.is_empty() || out.ends_with(LINE_END));
    }
    for renewal in [Renewal::Nobody, Renewal::You, Renewal::Other] {
        let item = Item {
            value: &[],
            flags: u32::MAX,
            unique: Some(u64::MAX),
            ttl,
            is_encoded: true,
            was_fetched: true,
            idle: u32::MAX,
            is_stale: true,
            renewal,
            size: usize::MAX,
        };
        let mut out = Vec::new();
        form.write_item(key, &item, &mut out);
        assert!(out.ends_with(LINE_END));
        let room = key.len() + form.item_room();
        assert!(out.len() + LINE_END.len() <= room, "{} bytes", out.len());
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[track_caller]
    fn holds_for_seeds(target: &str, property: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
        let seeds = folder.join(target).read_dir().expect("a folder of seeds");
        let mut seen = 0;
        for seed in seeds {
            let seed = seed.expect("a seed").path();
            // A failure is to name the seed.
            println!("{}", seed.display());
            property(&std::fs::read(seed).expect("the bytes of a seed"));
            seen += 1;
        }
        assert!(seen > 0, "no seeds of {target}");
    }

    #[test]
    fn a_line_once_mistaken_is_not_mistaken_again() {
        holds_for_seeds("classic", super::classic);
        holds_for_seeds("meta", super::meta);
    }

    #[test]
    fn a_word_once_misread_is_not_misread_again() {
        holds_for_seeds("base64", super::base64);
        holds_for_seeds("number", super::number);
    }

    #[test]
    fn an_admin_frame_once_misread_is_not_misread_again() {
        holds_for_seeds("admin", super::admin);
    }
}
