//! The table of settings: each row is one, and the only place it is described.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use net::admin::{PORT, parse_address};
use net::tls::{ClientAuth, Version};
use storage::{Eviction, HugePages, Seconds};

use super::config::AdminSocket;
use super::setting::{Flag, Reload, Setting};
use super::value::{Kind, Value};
use crate::connections::CONNECTIONS_MAX;
use crate::log::Format;

/// The port of a metrics address that names none.
const METRICS_PORT: u16 = 9998;

const HUGE_PAGES: [(&str, HugePages); 3] = [
    ("never", HugePages::Never),
    ("madvise", HugePages::Madvise),
    ("explicit", HugePages::Explicit),
];

const CLIENT_AUTH: [(&str, ClientAuth); 3] = [
    ("off", ClientAuth::Off),
    ("optional", ClientAuth::Optional),
    ("required", ClientAuth::Required),
];

const FORMATS: [(&str, Format); 2] = [("text", Format::Text), ("json", Format::Json)];

const VERSIONS: [(&str, Version); 2] = [("1.2", Version::Tls12), ("1.3", Version::Tls13)];

/// Every setting, in the order of the file.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        key: "server.listen",
        flag: Flag::short('l', "listen", "ADDR[:PORT]"),
        kind: Kind::List,
        reload: Reload::Restart,
        help: "Addresses to serve TCP on: a name, an address, [ADDRESS]:PORT for IPv6, or * for \
               all. May be given several times. The default gives way to a unix socket.",
        get: |c| Value::List(c.listen.iter().map(ToString::to_string).collect()),
        set: |c, v| {
            // memcached's mark of an address without TLS, which these are.
            let texts = v.list()?;
            let hosts = texts
                .iter()
                .map(|text| text.strip_prefix("notls:").unwrap_or(text).parse());
            c.listen = hosts.collect::<Result<_, String>>()?;
            Ok(())
        },
    },
    Setting {
        key: "server.port",
        flag: Flag::short('p', "port", "N"),
        kind: Kind::Count,
        reload: Reload::Restart,
        help: "Port of the addresses that name none. 0 picks a free one.",
        get: |c| Value::Count(c.port.into()),
        set: |c, v| {
            c.port = v.count(0..=65_535)? as u16;
            Ok(())
        },
    },
    Setting {
        key: "server.unix_socket",
        flag: Flag::short('s', "unix-socket", "PATH"),
        kind: Kind::Text,
        reload: Reload::Restart,
        help: "Unix socket to serve on. TCP is then off unless an address or a port is given too.",
        get: |c| Value::Text(path_text(c.unix_socket.as_deref())),
        set: |c, v| {
            c.unix_socket = given(v.text()?).map(Into::into);
            Ok(())
        },
    },
    Setting {
        key: "server.unix_mode",
        flag: Flag::short('a', "unix-mode", "MODE"),
        kind: Kind::Text,
        reload: Reload::Restart,
        help: "Permissions of the unix socket, in octal.",
        get: |c| Value::Text(format!("{:04o}", c.unix_mode)),
        set: |c, v| {
            c.unix_mode = permissions(&v.text()?)?;
            Ok(())
        },
    },
    Setting {
        key: "server.threads",
        flag: Flag::short('t', "threads", "N"),
        kind: Kind::Count,
        reload: Reload::Restart,
        help: "Worker threads; auto: one per core.",
        get: |c| {
            c.threads
                .map_or(Value::Auto, |n| Value::Count(n.get() as u64))
        },
        set: |c, v| {
            c.threads = match v {
                Value::Auto => None,
                count => NonZeroUsize::new(count.count(1..=256)? as usize),
            };
            Ok(())
        },
    },
    Setting {
        key: "server.backlog",
        flag: Flag::short('b', "backlog", "N"),
        kind: Kind::Count,
        reload: Reload::Restart,
        help: "Connections the kernel keeps waiting until they are accepted.",
        get: |c| Value::Count(c.backlog as u64),
        set: |c, v| {
            c.backlog = v.count(1..=65_535)? as i32;
            Ok(())
        },
    },
    Setting {
        key: "server.user",
        flag: Flag::short('u', "user", "NAME"),
        kind: Kind::Text,
        reload: Reload::Restart,
        help: "User to become when started as root.",
        get: |c| Value::Text(c.user.clone().unwrap_or_default()),
        set: |c, v| {
            c.user = given(v.text()?);
            Ok(())
        },
    },
    Setting {
        key: "store.memory",
        flag: Flag::short('m', "memory", "SIZE"),
        kind: Kind::Size { bare: 1 << 20 },
        reload: Reload::Live,
        help: "Memory for items, index and session buffers together. Less than 16MiB is raised \
               to it. On the command line a bare number is MiB.",
        get: |c| Value::Size(c.memory),
        set: |c, v| {
            c.memory = v.size(1..=1 << 46)?;
            Ok(())
        },
    },
    Setting {
        key: "store.memory_max",
        flag: Flag::long("memory-max", "SIZE"),
        kind: Kind::Size { bare: 1 << 20 },
        reload: Reload::Restart,
        help: "How far a reload may raise that, at most to four times as much; auto: not at all. It \
               may lower it to a quarter of this.",
        get: |c| c.memory_max.map_or(Value::Auto, Value::Size),
        set: |c, v| {
            c.memory_max = match v {
                Value::Auto => None,
                size => Some(size.size(1..=1 << 46)?),
            };
            Ok(())
        },
    },
    Setting {
        key: "store.segment_size",
        flag: Flag::long("segment-size", "SIZE"),
        kind: Kind::Size { bare: 1 },
        reload: Reload::Restart,
        help: "Bytes of a segment, a power of two from 16KiB to 8MiB; auto: from memory and threads.",
        get: |c| {
            c.segment_size
                .map_or(Value::Auto, |n| Value::Size(n.into()))
        },
        set: |c, v| {
            c.segment_size = match v {
                Value::Auto => None,
                size => Some(size.size(1..=u32::MAX.into())? as u32),
            };
            Ok(())
        },
    },
    Setting {
        key: "store.max_item_size",
        flag: Flag::short('I', "max-item-size", "SIZE"),
        kind: Kind::Size { bare: 1 },
        reload: Reload::Restart,
        help: "Largest item: key, value and header. At most 16777215B and a quarter of the \
               memory. On the command line a bare number is bytes.",
        get: |c| Value::Size(c.max_item_size.into()),
        set: |c, v| {
            c.max_item_size = v.size(1024..=(1 << 24) - 1)? as u32;
            Ok(())
        },
    },
    Setting {
        key: "store.eviction",
        flag: Flag::long("eviction", "NAME"),
        kind: Kind::Text,
        reload: Reload::Live,
        help: "Which items give way when the memory is full: none (storing fails), random, fifo, \
               cte, util, merge or s3fifo.",
        get: |c| Value::Text(c.eviction.name().to_owned()),
        set: |c, v| {
            let name = v.text()?;
            c.eviction = Eviction::from_name(&name).ok_or_else(|| {
                format!(
                    "must be one of {}, not '{name}'",
                    Eviction::NAMES.join(", ")
                )
            })?;
            Ok(())
        },
    },
    Setting {
        key: "store.huge_pages",
        flag: Flag::long("huge-pages", "MODE"),
        kind: Kind::Text,
        reload: Reload::Restart,
        help: "Pages of items and index: never (small ones), madvise (huge ones where the system \
               has them) or explicit (huge ones reserved in vm.nr_hugepages, or it does not start).",
        get: |c| Value::Text(word(&HUGE_PAGES, c.huge_pages).to_owned()),
        set: |c, v| {
            c.huge_pages = named(&HUGE_PAGES, &v.text()?)?;
            Ok(())
        },
    },
    Setting {
        key: "ttl.default",
        flag: Flag::long("ttl-default", "TIME"),
        kind: Kind::Duration,
        reload: Reload::Live,
        help: "TTL of items that are stored without one; 0s: they stay.",
        get: |c| seconds(c.ttl.default),
        set: |c, v| {
            c.ttl.default = whole_seconds(v)?;
            Ok(())
        },
    },
    Setting {
        key: "ttl.max",
        flag: Flag::long("ttl-max", "TIME"),
        kind: Kind::Duration,
        reload: Reload::Live,
        help: "Longest TTL that a client gets, whatever it asks for; 0s: any.",
        get: |c| seconds(c.ttl.max),
        set: |c, v| {
            c.ttl.max = whole_seconds(v)?;
            Ok(())
        },
    },
    Setting {
        key: "ttl.jitter",
        flag: Flag::long("ttl-jitter", "PERCENT"),
        kind: Kind::Count,
        reload: Reload::Live,
        help: "Share of a TTL, in percent, by which it may be shortened, for each key by another part of \
               it, lest what is stored together expires together. Dates are kept.",
        get: |c| Value::Count(c.ttl.jitter.into()),
        set: |c, v| {
            c.ttl.jitter = v.count(0..=100)? as u8;
            Ok(())
        },
    },
    Setting {
        key: "limits.max_connections",
        flag: Flag::short('c', "max-connections", "N"),
        kind: Kind::Count,
        reload: Reload::Live,
        help: "Connections at a time. One more is told so and closed.",
        get: |c| Value::Count(c.max_connections as u64),
        set: |c, v| {
            c.max_connections = v.count(1..=CONNECTIONS_MAX as u64)? as usize;
            Ok(())
        },
    },
    Setting {
        key: "limits.max_request_line",
        flag: Flag::long("max-request-line", "SIZE"),
        kind: Kind::Size { bare: 1 },
        reload: Reload::Live,
        help: "Longest line of a get with many keys. Every other line may have 2048 bytes.",
        get: |c| Value::Size(c.max_request_line as u64),
        set: |c, v| {
            c.max_request_line = v.size(2048..=64 << 20)? as usize;
            Ok(())
        },
    },
    Setting {
        key: "limits.input_buffer",
        flag: Flag::long("input-buffer", "SIZE"),
        kind: Kind::Size { bare: 1 },
        reload: Reload::Live,
        help: "Bytes a session may receive before the others have their turn.",
        get: |c| Value::Size(c.input_buffer as u64),
        set: |c, v| {
            c.input_buffer = v.size(4 << 10..=256 << 10)? as usize;
            Ok(())
        },
    },
    Setting {
        key: "limits.output_buffer",
        flag: Flag::long("output-buffer", "SIZE"),
        kind: Kind::Size { bare: 1 },
        reload: Reload::Live,
        help: "Bytes of replies a session may have waiting before it is read no further.",
        get: |c| Value::Size(c.output_buffer as u64),
        set: |c, v| {
            c.output_buffer = v.size(4 << 10..=4 << 20)? as usize;
            Ok(())
        },
    },
    Setting {
        key: "limits.idle_timeout",
        flag: Flag::long("idle-timeout", "TIME"),
        kind: Kind::Duration,
        reload: Reload::Live,
        help: "A session that sends nothing for this long is closed; 0s: never.",
        get: |c| Value::Duration(c.idle_timeout.unwrap_or_default()),
        set: |c, v| {
            c.idle_timeout = v.timeout()?;
            Ok(())
        },
    },
    Setting {
        key: "limits.request_timeout",
        flag: Flag::long("request-timeout", "TIME"),
        kind: Kind::Duration,
        reload: Reload::Live,
        help: "A request once begun must be whole within this time, or its session is closed; \
               0s: never.",
        get: |c| Value::Duration(c.request_timeout.unwrap_or_default()),
        set: |c, v| {
            c.request_timeout = v.timeout()?;
            Ok(())
        },
    },
    Setting {
        key: "limits.send_timeout",
        flag: Flag::long("send-timeout", "TIME"),
        kind: Kind::Duration,
        reload: Reload::Live,
        help: "A session whose client takes nothing of a waiting reply for this long is closed; \
               0s: never.",
        get: |c| Value::Duration(c.send_timeout.unwrap_or_default()),
        set: |c, v| {
            c.send_timeout = v.timeout()?;
            Ok(())
        },
    },
    Setting {
        key: "limits.drain_timeout",
        flag: Flag::long("drain-timeout", "TIME"),
        kind: Kind::Duration,
        reload: Reload::Live,
        help: "A drain waits this long for requests under way, and then ends all the same; 0s: \
               for ever.",
        get: |c| Value::Duration(c.drain_timeout.unwrap_or_default()),
        set: |c, v| {
            c.drain_timeout = v.timeout()?;
            Ok(())
        },
    },
    Setting {
        key: "tls.listen",
        flag: Flag::long("tls-listen", "ADDR[:PORT]"),
        kind: Kind::List,
        reload: Reload::Restart,
        help: "Addresses to serve TCP with TLS on, their port 11212 unless given, beside those \
               without. May be given several times.",
        get: |c| Value::List(c.tls.listen.iter().map(ToString::to_string).collect()),
        set: |c, v| {
            let hosts = v.list()?;
            let hosts = hosts.iter().map(|text| text.parse());
            c.tls.listen = hosts.collect::<Result<_, String>>()?;
            Ok(())
        },
    },
    Setting {
        key: "tls.cert",
        flag: Flag::long("tls-cert", "FILE"),
        kind: Kind::List,
        reload: Reload::Live,
        help: "Certificates in PEM, each with its chain behind it. Of several, a client gets the \
               one for the host it names, else the first; for the same hosts there may be one of \
               each kind of key.",
        get: |c| paths(&c.tls.certificates),
        set: |c, v| {
            c.tls.certificates = v.list()?.into_iter().map(Into::into).collect();
            Ok(())
        },
    },
    Setting {
        key: "tls.key",
        flag: Flag::long("tls-key", "FILE"),
        kind: Kind::List,
        reload: Reload::Live,
        help: "Keys of the certificates in PEM, in the same order, without a passphrase.",
        get: |c| paths(&c.tls.keys),
        set: |c, v| {
            c.tls.keys = v.list()?.into_iter().map(Into::into).collect();
            Ok(())
        },
    },
    Setting {
        key: "tls.ca",
        flag: Flag::long("tls-ca", "FILE"),
        kind: Kind::Text,
        reload: Reload::Live,
        help: "Certificates in PEM of those who sign clients' certificates.",
        get: |c| Value::Text(path_text(c.tls.authorities.as_deref())),
        set: |c, v| {
            c.tls.authorities = given(v.text()?).map(Into::into);
            Ok(())
        },
    },
    Setting {
        key: "tls.client_auth",
        flag: Flag::long("tls-client-auth", "MODE"),
        kind: Kind::Text,
        reload: Reload::Live,
        help: "Whether clients are asked for a certificate: off, optional (one that is shown must \
               be good) or required.",
        get: |c| Value::Text(word(&CLIENT_AUTH, c.tls.client_auth).to_owned()),
        set: |c, v| {
            c.tls.client_auth = named(&CLIENT_AUTH, &v.text()?)?;
            Ok(())
        },
    },
    Setting {
        key: "tls.allowed_names",
        flag: Flag::long("tls-allowed-names", "FILE"),
        kind: Kind::Text,
        reload: Reload::Live,
        help: "File with a name a line: clients' certificates must have one of them among their \
               subject alternative names.",
        get: |c| Value::Text(path_text(c.tls.allowed.as_deref())),
        set: |c, v| {
            c.tls.allowed = given(v.text()?).map(Into::into);
            Ok(())
        },
    },
    Setting {
        key: "tls.min_version",
        flag: Flag::long("tls-min-version", "VERSION"),
        kind: Kind::Text,
        reload: Reload::Live,
        help: "Oldest version of TLS that is spoken: 1.2 or 1.3.",
        get: |c| Value::Text(word(&VERSIONS, c.tls.min_version).to_owned()),
        set: |c, v| {
            c.tls.min_version = named(&VERSIONS, &v.text()?)?;
            Ok(())
        },
    },
    Setting {
        key: "tls.ciphers",
        flag: Flag::long("tls-ciphers", "LIST"),
        kind: Kind::Text,
        reload: Reload::Live,
        help: "Ciphers of TLS 1.2, as in ciphers(1); Mozilla's intermediate list unless given.",
        get: |c| Value::Text(c.tls.ciphers.clone().unwrap_or_default()),
        set: |c, v| {
            c.tls.ciphers = given(v.text()?);
            Ok(())
        },
    },
    Setting {
        key: "tls.ciphersuites",
        flag: Flag::long("tls-ciphersuites", "LIST"),
        kind: Kind::Text,
        reload: Reload::Live,
        help: "Ciphers of TLS 1.3, with colons between; Mozilla's intermediate list unless given.",
        get: |c| Value::Text(c.tls.ciphersuites.clone().unwrap_or_default()),
        set: |c, v| {
            c.tls.ciphersuites = given(v.text()?);
            Ok(())
        },
    },
    Setting {
        key: "tls.handshake_timeout",
        flag: Flag::long("tls-handshake-timeout", "TIME"),
        kind: Kind::Duration,
        reload: Reload::Live,
        help: "A connection whose handshake is not complete within this time is closed.",
        get: |c| Value::Duration(c.tls.handshake_timeout),
        set: |c, v| {
            c.tls.handshake_timeout = v.timeout()?.ok_or("must be more than nothing")?;
            Ok(())
        },
    },
    Setting {
        key: "tls.handshakes",
        flag: Flag::long("tls-handshakes", "N"),
        kind: Kind::Count,
        reload: Reload::Live,
        help: "Handshakes under way at a time; further clients wait to be accepted.",
        get: |c| Value::Count(c.tls.handshakes as u64),
        set: |c, v| {
            c.tls.handshakes = v.count(1..=1 << 16)? as usize;
            Ok(())
        },
    },
    Setting {
        key: "admin.socket",
        flag: Flag::long("admin-socket", "PATH"),
        kind: Kind::Text,
        reload: Reload::Restart,
        help: "Unix socket for cachectl; off, or auto: /run/cached/admin.sock if that folder can \
               be written to, else cached/admin.sock under $XDG_RUNTIME_DIR, else none.",
        get: |c| Value::Text(c.admin_socket.to_string()),
        set: |c, v| {
            c.admin_socket = AdminSocket::from(v.text()?);
            Ok(())
        },
    },
    Setting {
        key: "admin.socket_mode",
        flag: Flag::long("admin-socket-mode", "MODE"),
        kind: Kind::Text,
        reload: Reload::Restart,
        help: "Permissions of that socket, in octal: owner and group may ask anything.",
        get: |c| Value::Text(format!("{:04o}", c.admin_mode)),
        set: |c, v| {
            c.admin_mode = permissions(&v.text()?)?;
            Ok(())
        },
    },
    Setting {
        key: "admin.socket_group",
        flag: Flag::long("admin-socket-group", "NAME"),
        kind: Kind::Text,
        reload: Reload::Restart,
        help: "Group that the socket is given to; that of the server's user unless given.",
        get: |c| Value::Text(c.admin_group.clone().unwrap_or_default()),
        set: |c, v| {
            c.admin_group = given(v.text()?);
            Ok(())
        },
    },
    Setting {
        key: "admin.address",
        flag: Flag::long("admin", "ADDR[:PORT]"),
        kind: Kind::Text,
        reload: Reload::Restart,
        help: "Address for cachectl, its port 9999 unless given. Beyond loopback it needs TLS \
               that requires clients' certificates.",
        get: |c| Value::Text(c.admin.map(|a| a.to_string()).unwrap_or_default()),
        set: |c, v| {
            c.admin = given(v.text()?)
                .map(|text| socket(&text, PORT))
                .transpose()?;
            Ok(())
        },
    },
    Setting {
        key: "admin.metrics",
        flag: Flag::long("metrics", "ADDR[:PORT]"),
        kind: Kind::Text,
        reload: Reload::Restart,
        help: "Address for metrics and health checks over HTTP, its port 9998 unless given: \
               /metrics, /vars.json, /healthz, /readyz. Nothing can be changed there.",
        get: |c| Value::Text(c.metrics.map(|a| a.to_string()).unwrap_or_default()),
        set: |c, v| {
            let address = given(v.text()?).map(|text| socket(&text, METRICS_PORT));
            c.metrics = address.transpose()?;
            Ok(())
        },
    },
    Setting {
        key: "admin.tls",
        flag: Flag::switch("admin-tls"),
        kind: Kind::Switch,
        reload: Reload::Restart,
        help: "Speak TLS on the address for cachectl, as on those of --tls-listen.",
        get: |c| Value::Switch(c.admin_tls),
        set: |c, v| {
            c.admin_tls = v.switch()?;
            Ok(())
        },
    },
    Setting {
        key: "log.verbosity",
        flag: Flag {
            short: Some('v'),
            long: "verbose",
            value: None,
        },
        kind: Kind::Count,
        reload: Reload::Live,
        help: "What is logged: 0 warnings, 1 information too, 2 debugging too. On the command \
               line -v is 1 and -vv is 2.",
        get: |c| Value::Count(c.verbosity.into()),
        set: |c, v| {
            c.verbosity = v.count(0..=255)? as u8;
            Ok(())
        },
    },
    Setting {
        key: "log.file",
        flag: Flag::long("log-file", "FILE"),
        kind: Kind::Text,
        reload: Reload::Live,
        help: "Where the log goes; empty: to standard error. A reload opens the file anew. Where \
               the server listens it says on standard error all the same.",
        get: |c| Value::Text(path_text(c.logs.file.as_deref())),
        set: |c, v| {
            c.logs.file = given(v.text()?).map(Into::into);
            Ok(())
        },
    },
    Setting {
        key: "log.format",
        flag: Flag::long("log-format", "NAME"),
        kind: Kind::Text,
        reload: Reload::Live,
        help: "How each log is written: text, or json, an object a line.",
        get: |c| Value::Text(word(&FORMATS, c.logs.format).to_owned()),
        set: |c, v| {
            c.logs.format = named(&FORMATS, &v.text()?)?;
            Ok(())
        },
    },
    Setting {
        key: "log.commands",
        flag: Flag::long("log-commands", "FILE"),
        kind: Kind::Text,
        reload: Reload::Live,
        help: "Where the command log goes, a line for each request that is sampled; empty: there \
               is none. A reload opens the file anew.",
        get: |c| Value::Text(path_text(c.logs.commands.as_deref())),
        set: |c, v| {
            c.logs.commands = given(v.text()?).map(Into::into);
            Ok(())
        },
    },
    Setting {
        key: "log.command_sample",
        flag: Flag::long("log-command-sample", "N"),
        kind: Kind::Count,
        reload: Reload::Live,
        help: "The command log has one request in so many, chosen at random; 1: each.",
        get: |c| Value::Count(c.logs.command_sample.into()),
        set: |c, v| {
            c.logs.command_sample = v.count(1..=1_000_000)? as u32;
            Ok(())
        },
    },
    Setting {
        key: "log.slow",
        flag: Flag::long("log-slow", "FILE"),
        kind: Kind::Text,
        reload: Reload::Live,
        help: "Where the slow log goes, a line for each request that takes too long; empty: there \
               is none. A reload opens the file anew.",
        get: |c| Value::Text(path_text(c.logs.slow.as_deref())),
        set: |c, v| {
            c.logs.slow = given(v.text()?).map(Into::into);
            Ok(())
        },
    },
    Setting {
        key: "log.slow_threshold",
        flag: Flag::long("log-slow-threshold", "TIME"),
        kind: Kind::Duration,
        reload: Reload::Live,
        help: "The slow log has requests that take at least so long, from their worker's wake-up \
               until they are executed.",
        get: |c| Value::Duration(c.logs.slow_threshold),
        set: |c, v| {
            c.logs.slow_threshold = v.timeout()?.unwrap_or_default();
            Ok(())
        },
    },
    Setting {
        key: "hotkeys.sample",
        flag: Flag::long("hotkeys-sample", "N"),
        kind: Kind::Count,
        reload: Reload::Live,
        help: "One request in so many, chosen at random, is counted to find hot keys; 0: none.",
        get: |c| Value::Count(c.hotkeys.sample.into()),
        set: |c, v| {
            c.hotkeys.sample = v.count(0..=1_000_000)? as u32;
            Ok(())
        },
    },
    Setting {
        key: "hotkeys.window",
        flag: Flag::long("hotkeys-window", "TIME"),
        kind: Kind::Duration,
        reload: Reload::Live,
        help: "Hot keys are those of the time that is so long.",
        get: |c| Value::Duration(c.hotkeys.window),
        set: |c, v| {
            c.hotkeys.window = v.timeout()?.ok_or("must be more than nothing")?;
            Ok(())
        },
    },
];

fn seconds(seconds: Seconds) -> Value {
    Value::Duration(Duration::from_secs(seconds.into()))
}

/// A TTL; 0 is none.
fn whole_seconds(value: Value) -> Result<Seconds, String> {
    let span = value.timeout()?.unwrap_or_default();
    if span.subsec_nanos() != 0 {
        return Err("must be whole seconds".to_owned());
    }
    // A year at most.
    Ok(span.as_secs() as Seconds)
}

/// `None` for the empty text, which stands for "none" in a file.
fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn permissions(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok();
    let mode = mode.filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| format!("must be octal permissions, as in 0770, not '{text}'"))
}

fn path_text(path: Option<&Path>) -> String {
    path.map(|path| path.display().to_string())
        .unwrap_or_default()
}

fn paths(paths: &[PathBuf]) -> Value {
    Value::List(paths.iter().map(|path| path_text(Some(path))).collect())
}

fn socket(text: &str, port: u16) -> Result<SocketAddr, String> {
    parse_address(text, port)
        .ok_or_else(|| format!("must be an address, as in 127.0.0.1:{port}, not '{text}'"))
}

/// The word that stands for `value`.
fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    let word = words.iter().find(|(_, meant)| *meant == value);
    word.expect("a word for every value").0
}

/// What `name` stands for.
fn named<T: Copy>(words: &[(&'static str, T)], name: &str) -> Result<T, String> {
    let word = words.iter().find(|(word, _)| *word == name);
    word.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        format!("must be one of {}, not '{name}'", known.join(", "))
    })
}
