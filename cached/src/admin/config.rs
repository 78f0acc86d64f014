//! `config`: every setting, its value in effect, where that is from, and what a reload may change.

use net::admin::{Kind, Row};

use super::stats::text;
use crate::settings::{Effective, SETTINGS};

/// Shows three rows a setting: `key`, `key:source` and `key:reload`.
pub(super) fn rows(effective: &Effective, emit: &mut dyn FnMut(&Row<'_>)) {
    for (row, setting) in SETTINGS.iter().enumerate() {
        let key = setting.key;
        let value = (setting.get)(&effective.config).to_string();
        emit(&Row {
            name: key.into(),
            kind: Kind::Text,
            unit: "".into(),
            value: value.as_str().into(),
            help: setting.help.into(),
        });
        let source = effective.source(row);
        let source = source.as_deref().unwrap_or("default");
        emit(&text(&format!("{key}:source"), source));
        emit(&text(&format!("{key}:reload"), setting.reload.name()));
    }
}
