//! What the verb `hotkeys` tells.

use net::admin::{Row, Value, key_text};

use super::stats::{Stats, gauge, text};
use crate::hotkeys::By;

/// Keys that are told of.
const TOP: usize = 20;

impl Stats {
    /// What was sampled, and the hottest keys, each under its rank. The error is a sentence.
    pub(super) fn hot_keys(&self, by: &str, emit: &mut dyn FnMut(&Row<'_>)) -> Result<(), String> {
        let by = match by {
            "ops" => By::Requests,
            "bytes" => By::Bytes,
            _ => return Err(format!("keys are hot by ops or bytes, not by '{by}'")),
        };
        let effective = self.live.now();
        let settings = &effective.config.hotkeys;
        if settings.sample == 0 {
            return Err("no requests are counted: hotkeys.sample is 0".to_owned());
        }
        let top = self.recording.top(by, TOP);
        let every = u64::from(settings.sample);
        emit(&Row {
            unit: "seconds".into(),
            help: "hot keys are those of the time that is so long".into(),
            ..gauge("window", settings.window.as_secs())
        });
        emit(&Row {
            help: "one request in so many is counted".into(),
            ..gauge("sample", every)
        });
        emit(&Row {
            help: "requests that were counted".into(),
            ..gauge("samples", top.samples)
        });
        for (rank, (key, weight)) in (1..).zip(&top.keys) {
            emit(&text(&format!("{rank}:key"), &key_text(key)));
            emit(&Row {
                value: Value::Real(*weight as f64 / top.total as f64),
                help: "of the requests for all keys, or of their bytes".into(),
                ..gauge(&format!("{rank}:share"), 0)
            });
            let (name, unit) = match by {
                By::Requests => ("requests", ""),
                By::Bytes => ("bytes", "bytes"),
            };
            emit(&Row {
                unit: unit.into(),
                help: "in the window, from what was counted".into(),
                ..gauge(&format!("{rank}:{name}"), weight * every)
            });
        }
        Ok(())
    }
}
