//! Failed handshakes: counted each, told of now and then.

use std::time::Instant;

use net::socket::Endpoint;
use net::tls::{Cause, Failure};

use crate::log::{Log, Rarely};
use crate::metrics::HandshakeCounters;

/// When the log was last told of a failure of each cause.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    told: Vec<(Cause, Rarely)>,
}

impl Failures {
    /// A handshake with `peer` has failed.
    pub(crate) fn note(
        &mut self,
        peer: &Endpoint,
        failure: &Failure,
        counters: &HandshakeCounters,
        log: &Log,
    ) {
        counters.fail(failure.cause);
        let cause = failure.cause;
        let index = self.told.iter().position(|(told, _)| *told == cause);
        let index = index.unwrap_or_else(|| {
            self.told.push((cause, Rarely::default()));
            self.told.len() - 1
        });
        // What only looks whether somebody listens hangs up as well, as often as it likes.
        if cause == Cause::Closed {
            log.debug(format_args!("no TLS session with {peer}: {failure}"));
        } else if let Some(held_back) = self.told[index].1.tell(Instant::now()) {
            log.warn(format_args!(
                "no TLS session with {peer}: {}{failure} ({held_back} more of this kind since \
                 this was last said)",
                hint(cause)
            ));
        }
    }
}

/// What the failure itself does not say.
fn hint(cause: Cause) -> &'static str {
    match cause {
        Cause::Plaintext => "it does not speak TLS, which this port does: ",
        Cause::Refused => "it refused our certificate or what else we offered: ",
        _ => "",
    }
}
