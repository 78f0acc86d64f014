//! Commands for operators. What memcached does with its slabs and queues has
//! no counterpart here: what changes nothing for clients is accepted, what
//! would be a promise is refused with a word on who has it.

use crate::protocol::exchange::{Exchange, row};

const OTHERS: &str = "operations";

pub(super) fn rows() -> Vec<Exchange> {
    let mut rows = accepted();
    rows.extend(refused());
    rows.extend(wrong());
    rows.into_iter().map(Exchange::alone).collect()
}

fn accepted() -> Vec<Exchange> {
    vec![
        row(
            "the crawler's settings",
            "lru_crawler crawl all\r\nlru_crawler sleep 0\r\nlru_crawler sleep 100\r\nlru_crawler tocrawl 0\r\n",
            "<line>\r\nOK\r\nOK\r\nOK\r\n",
        ),
        row(
            "the settings of the LRU",
            "lru tune 20 40 0.2 2.0\r\nlru mode flat\r\nlru mode segmented\r\nlru temp_ttl 60\r\nlru temp_ttl -1\r\n",
            "OK\r\nOK\r\nOK\r\nOK\r\nOK\r\n",
        ),
        row(
            "the slab mover",
            "slabs automove 0\r\nslabs automove ratio 0.8\r\nslabs automove 1\r\n",
            "OK\r\nOK\r\nOK\r\n",
        ),
        row(
            "noreply to an operator's command",
            "lru mode segmented noreply\r\nslabs automove 1 noreply\r\nverbosity 0 noreply\r\nget K1\r\n",
            "END\r\n",
        ),
        row("stats slabs", "stats slabs\r\n", "<stats>END\r\n"),
        row(
            "stats sizes",
            "stats sizes\r\n",
            "STAT sizes_status disabled\r\nEND\r\n",
        ),
    ]
}

fn refused() -> Vec<Exchange> {
    vec![
        row(
            "shutdown",
            "shutdown\r\nshutdown graceful\r\n",
            "ERROR: shutdown not enabled\r\n".repeat(2),
        ),
        row(
            "refresh_certs without TLS",
            "refresh_certs\r\nrefresh_certs noreply\r\n",
            "Error TLS not enabled\r\n".repeat(2),
        )
        .without_tls(),
        row(
            "cache_memlimit",
            "cache_memlimit 64\r\n",
            "CLIENT_ERROR <line>\r\n",
        )
        .memcached_says("OK\r\n", OTHERS),
        row("watch", "watch fetchers\r\n", "CLIENT_ERROR <line>\r\n").not_compared(OTHERS),
        row(
            "stats detail",
            "stats detail on\r\nstats detail dump\r\nstats detail off\r\n",
            "CLIENT_ERROR <line>\r\nCLIENT_ERROR <line>\r\nCLIENT_ERROR <line>\r\n",
        )
        .memcached_says("OK\r\nEND\r\nOK\r\n", OTHERS),
        row(
            "stats cachedump",
            "stats cachedump 1 0\r\n",
            "CLIENT_ERROR <line>\r\n",
        )
        .not_compared(OTHERS),
        row(
            "slabs reassign",
            "slabs reassign 1 1\r\n",
            "CLIENT_ERROR <line>\r\n",
        )
        .memcached_says("SAME src and dst class are identical\r\n", OTHERS),
    ]
}

fn wrong() -> Vec<Exchange> {
    vec![
        row(
            "operators' commands cut short",
            "lru_crawler\r\nlru\r\nslabs\r\nslabs automove\r\ncache_memlimit\r\nlru mode\r\nlru tune 1 2\r\n",
            "ERROR\r\n".repeat(7),
        ),
        row(
            "operators' commands with arguments that are none",
            "lru_crawler x\r\nlru_crawler x y\r\nlru x y\r\nlru mode x\r\nlru temp_ttl x\r\nslabs x y\r\n",
            "ERROR\r\n".repeat(6),
        ),
        row(
            "noreply to a command that does not know it",
            "lru_crawler metadump all noreply\r\nlru_crawler crawl all noreply\r\n\
             lru_crawler enable noreply\r\nlru_crawler sleep 1 noreply\r\nlru_crawler tocrawl 1 noreply\r\n\
             lru_crawler noreply\r\nslabs noreply\r\nslabs reassign 1 2 noreply\r\n",
            "ERROR\r\n".repeat(8),
        ),
        row(
            "noreply to a command of too many or too few words",
            "cache_memlimit 64 x noreply\r\nslabs automove noreply\r\nlru mode x noreply\r\nlru noreply\r\n",
            "ERROR\r\n",
        ),
        row(
            "refused with noreply all the same",
            "shutdown noreply\r\nlru_crawler sleep noreply\r\n",
            "ERROR: shutdown not enabled\r\nCLIENT_ERROR bad command line format\r\n",
        ),
        row(
            "numbers of the crawler that are none",
            "lru_crawler sleep x\r\nlru_crawler sleep 1000001\r\nlru_crawler tocrawl x\r\n",
            "CLIENT_ERROR bad command line format\r\n\
             CLIENT_ERROR sleep must be one second or less\r\n\
             CLIENT_ERROR bad command line format\r\n",
        ),
        row(
            "a level of the slab mover that is none",
            "slabs automove 3\r\nslabs automove x\r\n",
            "ERROR\r\nCLIENT_ERROR bad command line format\r\n",
        ),
        row(
            "commands of a build for tests",
            "misbehave\r\ndebugtime 1\r\n",
            "ERROR\r\nERROR\r\n",
        ),
    ]
}
