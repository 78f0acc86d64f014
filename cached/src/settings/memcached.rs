//! The options of memcached that are no settings here. What would change nothing for anybody is
//! accepted, with a line in the log; what would be a promise is refused, in a sentence that names
//! what to use instead. cached-operations(7) lists them all.

use clap::{Arg, ArgAction, ArgMatches};

/// An option of memcached.
pub(super) struct Foreign {
    short: char,
    long: Option<&'static str>,
    /// It takes a value.
    value: bool,
    /// What comes of it, given this value.
    answer: fn(&str) -> Answer,
}

/// What comes of an option.
pub(super) enum Answer {
    /// It stands for a setting, by its key, and this value of it.
    Means(&'static str, String),
    /// It changes nothing, because of this.
    Harmless(&'static str),
    /// It is not offered; what to know or to do instead.
    Refused(&'static str),
}

use Answer::{Harmless, Means, Refused};

/// Other long names of settings, which are memcached's.
const ALIASES: [(&str, &str); 4] = [
    ("server.unix_mode", "unix-mask"),
    ("server.backlog", "listen-backlog"),
    ("store.memory", "memory-limit"),
    ("limits.max_connections", "conn-limit"),
];

const NO_CLASSES: &str = "there are no slab classes, an item takes the room it needs";
const NO_STORAGE: &str = "items are kept in memory alone";
const OF_ITSELF: &str =
    "expired memory comes back by itself, and --eviction chooses what gives way";

/// memcached's options, in the order of its help, that are not settings by the same name.
pub(super) const OPTIONS: &[Foreign] = &[
    option('U', "udp-port", |port| match port {
        "0" => Harmless("there is no UDP"),
        _ => Refused("there is no UDP, only TCP and unix sockets; give 0 or leave it out"),
    }),
    switch('A', "enable-shutdown", |_| {
        Refused("clients cannot stop the server; stop it with SIGTERM or its unit")
    }),
    switch('d', "daemon", |_| {
        Refused(
            "it stays in the foreground, where systemd wants it; leave -d out, and in a shell \
             put & behind the command",
        )
    }),
    switch('r', "enable-coredumps", |_| {
        Refused("use LimitCORE=infinity in its unit, or ulimit -c unlimited")
    }),
    switch('M', "disable-evictions", |_| {
        Means("store.eviction", "none".to_owned())
    }),
    switch('k', "lock-memory", |_| {
        Refused("use MemorySwapMax=0 in its unit, or --huge-pages explicit, whose pages stay")
    }),
    switch('i', "license", |_| {
        Refused("it is under the MIT licence or Apache 2.0, whose texts come with it")
    }),
    option('P', "pidfile", |_| {
        Refused("systemd knows the process by its unit, and a shell by $!")
    }),
    option('f', "slab-growth-factor", |_| Harmless(NO_CLASSES)),
    option('n', "slab-min-size", |_| Harmless(NO_CLASSES)),
    switch('L', "enable-largepages", |_| {
        Harmless("huge pages are asked for already; --huge-pages explicit takes reserved ones")
    }),
    Foreign {
        short: 'D',
        long: None,
        value: true,
        answer: |_| Refused("prefixes of keys are not counted; cachectl stats tells what is"),
    },
    option('R', "max-reqs-per-event", |_| {
        Harmless("a session's turn is bounded by --input-buffer and --output-buffer")
    }),
    switch('C', "disable-cas", |_| {
        Harmless("uniques take no room in items that nobody asks them of")
    }),
    option('B', "protocol", |name| match name {
        "ascii" | "auto" | "auto-negotiate" => Harmless("the text protocol is what is spoken"),
        _ => Refused("the text protocol alone is spoken, with its meta commands; leave -B out"),
    }),
    switch('S', "enable-sasl", |_| {
        Refused("there is no authentication; keep to loopback or -s")
    }),
    switch('F', "disable-flush-all", |_| {
        Refused("flush_all cannot be turned off; keep to loopback or -s, where -a says who may")
    }),
    switch('X', "disable-dumping", |_| {
        Refused("dumps cannot be turned off; keep to loopback or -s, where -a says who may")
    }),
    switch('W', "disable-watch", |_| Harmless("there is no watch")),
    option('Y', "auth-file", |_| {
        Refused("there is no authentication; keep to loopback or -s, where -a says who may")
    }),
    option('e', "memory-file", |_| Refused(NO_STORAGE)),
    switch('Z', "enable-ssl", |_| {
        Refused("TLS has addresses of its own; use --tls-listen with --tls-cert and --tls-key")
    }),
    option('o', "extended", extended),
    option('N', "napi-ids", |_| {
        Harmless("workers take connections in turn")
    }),
];

/// Extended options, and what comes of each, given its value.
type Group = (&'static [&'static str], fn(&str) -> Answer);

/// memcached's extended options.
const EXTENDED: &[Group] = &[
    (&["idle_timeout"], |seconds| {
        Means("limits.idle_timeout", seconds.to_owned())
    }),
    (&["maxconns_fast"], |_| {
        Harmless("a connection too many is always told so and closed")
    }),
    (&["no_maxconns_fast"], |_| {
        Refused("a connection too many does not wait, it is told so and closed; raise -c")
    }),
    (&["hashpower", "hash_algorithm", "no_hashexpand"], |_| {
        Harmless("the index grows and shrinks by itself")
    }),
    (
        &[
            "slab_reassign",
            "slab_automove",
            "slab_automove_ratio",
            "slab_automove_window",
            "slab_automove_freeratio",
            "slab_sizes",
            "slab_chunk_max",
            "no_slab_reassign",
            "no_slab_automove",
            "no_chunked_items",
        ],
        |_| Harmless(NO_CLASSES),
    ),
    (
        &[
            "tail_repair_time",
            "lru_crawler",
            "lru_crawler_sleep",
            "lru_crawler_tocrawl",
            "lru_maintainer",
            "hot_lru_pct",
            "warm_lru_pct",
            "hot_max_factor",
            "warm_max_factor",
            "temporary_ttl",
            "no_lru_crawler",
            "no_lru_maintainer",
        ],
        |_| Harmless(OF_ITSELF),
    ),
    (&["resp_obj_mem_limit", "read_buf_mem_limit"], |_| {
        Harmless("buffers have a bound, as a part of --memory")
    }),
    (&["watcher_logbuf_size", "worker_logbuf_size"], |_| {
        Harmless("there is no watch")
    }),
    (
        &[
            "modern",
            "no_modern",
            "inline_ascii_resp",
            "no_inline_ascii_resp",
            "no_drop_privileges",
        ],
        |_| Harmless("it has no meaning here"),
    ),
    (&["drop_privileges"], |_| {
        Refused("use SystemCallFilter= in its unit")
    }),
    (&["track_sizes"], |_| {
        Refused("sizes are not counted; cachectl stats segments tells how memory is used")
    }),
    (&["sock_cookie_id"], |_| {
        Refused("sockets are not marked; filter by address and port")
    }),
    (
        &[
            "ext_path",
            "ext_page_size",
            "ext_wbuf_size",
            "ext_threads",
            "ext_item_size",
            "ext_item_age",
            "ext_low_ttl",
            "ext_drop_unread",
            "ext_recache_rate",
            "ext_compact_under",
            "ext_drop_under",
            "ext_max_frag",
            "ext_max_sleep",
        ],
        |_| Refused(NO_STORAGE),
    ),
    (&["ssl_chain_cert"], |_| Refused("use --tls-cert")),
    (&["ssl_key"], |_| Refused("use --tls-key")),
    (&["ssl_keyformat"], |_| Refused("keys are in PEM")),
    (&["ssl_verify_mode"], |_| {
        Refused("use --tls-client-auth off, optional or required")
    }),
    (&["ssl_ciphers"], |_| {
        Refused("use --tls-ciphers, and for TLS 1.3 --tls-ciphersuites")
    }),
    (&["ssl_ca_cert"], |_| Refused("use --tls-ca")),
    (&["ssl_min_version"], |_| {
        Refused("use --tls-min-version 1.2 or 1.3")
    }),
    (&["ssl_wbuf_size"], |_| {
        Harmless("replies are encrypted where they lie")
    }),
    (&["ssl_session_cache"], |_| {
        Harmless("sessions are resumed by tickets, which clients keep")
    }),
    (&["ssl_kernel_tls"], |_| {
        Refused("OpenSSL encrypts, and the kernel does not")
    }),
    (&["proxy_config", "proxy_arg", "proxy_uring"], |_| {
        Refused("it is a cache and no proxy")
    }),
];

const fn option(short: char, long: &'static str, answer: fn(&str) -> Answer) -> Foreign {
    Foreign {
        short,
        long: Some(long),
        value: true,
        answer,
    }
}

const fn switch(short: char, long: &'static str, answer: fn(&str) -> Answer) -> Foreign {
    Foreign {
        short,
        long: Some(long),
        value: false,
        answer,
    }
}

/// The answer to one part of `-o`, with or without a value.
fn extended(part: &str) -> Answer {
    let (name, value) = part.split_once('=').unwrap_or((part, ""));
    EXTENDED
        .iter()
        .find(|(names, _)| names.contains(&name))
        .map_or(
            Refused("cached-operations(7) lists what is known"),
            |(_, answer)| answer(value),
        )
}

/// The extended options that are known.
#[cfg(test)]
pub(super) fn extended_names() -> impl Iterator<Item = &'static str> {
    EXTENDED.iter().flat_map(|(names, _)| names.iter().copied())
}

/// memcached's long name of the setting `key`, where it is another.
pub(super) fn alias(key: &str) -> Option<&'static str> {
    let alias = ALIASES.iter().find(|(setting, _)| *setting == key);
    alias.map(|(_, alias)| *alias)
}

impl Foreign {
    /// What clap knows it by.
    fn id(&self) -> &'static str {
        self.long.unwrap_or("memcached")
    }

    /// Not shown in the help, which is of what there is.
    pub(super) fn argument(&self) -> Arg {
        let action = if self.value {
            ArgAction::Append
        } else {
            ArgAction::SetTrue
        };
        Arg::new(self.id())
            .short(self.short)
            .long(self.long)
            .allow_negative_numbers(self.value)
            .action(action)
            .hide(true)
    }

    /// What comes of it as the command line gives it: for each time the words to name it by.
    pub(super) fn answers(&self, matches: &ArgMatches) -> Vec<(String, Answer)> {
        let name = match self.long {
            Some(long) => format!("-{} (--{long})", self.short),
            None => format!("-{}", self.short),
        };
        if !self.value {
            let given = matches.get_flag(self.id());
            let answer = given.then(|| (name, (self.answer)("")));
            return answer.into_iter().collect();
        }
        let words = matches.get_many::<String>(self.id()).unwrap_or_default();
        words
            .flat_map(|word| match self.short {
                'o' => word.split(',').collect(),
                _ => vec![word.as_str()],
            })
            .map(|word| (format!("{name} {word}"), (self.answer)(word)))
            .collect()
    }
}
