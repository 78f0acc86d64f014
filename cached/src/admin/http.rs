//! HTTP/1.1, as far as scrapers and health checks speak it: GET and HEAD of a few pages.

use std::fmt::Write;

use httparse::{Header, Request, Status};
use serde::Serializer;

use super::client::Answer;
use super::control::Control;
use crate::metrics::{Dialect, METRICS};

/// Bytes of the longest request.
pub(super) const REQUEST_MAX: usize = 8 << 10;

const HEADERS_MAX: usize = 64;

const PAGES: &str = "there are /metrics, /vars.json, /healthz, /readyz\n";

const TEXT: &str = "text/plain; charset=utf-8";

/// An answer, but for what depends on the request's form.
struct Response {
    status: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
}

impl Response {
    fn new(status: &'static str, content_type: &'static str, body: impl Into<Vec<u8>>) -> Response {
        Response {
            status,
            content_type,
            body: body.into(),
        }
    }

    /// As it is sent. A HEAD gets all but the body.
    fn write(self, is_head: bool, is_last: bool) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n",
            self.status,
            self.content_type,
            self.body.len()
        );
        // Writing to a String cannot fail.
        if self.status == NOT_ALLOWED {
            let _ = write!(head, "Allow: GET, HEAD\r\n");
        }
        if is_last {
            let _ = write!(head, "Connection: close\r\n");
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if !is_head {
            bytes.extend(self.body);
        }
        bytes
    }
}

const NOT_ALLOWED: &str = "405 Method Not Allowed";
const UNAVAILABLE: &str = "503 Service Unavailable";

/// Takes a request off `input` and answers it; `None`: it is not whole.
pub(super) fn take(input: &mut Vec<u8>, control: &mut Control) -> Option<Answer> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = Request::new(&mut headers);
    let refused = match request.parse(input) {
        Ok(Status::Partial) if input.len() < REQUEST_MAX => return None,
        Ok(Status::Complete(length)) => {
            let is_head = request.method == Some("HEAD");
            let is_last = is_last(&request);
            let response = respond(&request, control);
            input.drain(..length);
            let bytes = response.write(is_head, is_last);
            return Some(if is_last {
                Answer::Last(bytes)
            } else {
                Answer::Now(bytes)
            });
        }
        Ok(Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            let status = "431 Request Header Fields Too Large";
            Response::new(status, TEXT, "the request is too long\n")
        }
        Err(error) => Response::new("400 Bad Request", TEXT, format!("{error}\n")),
    };
    Some(Answer::Last(refused.write(false, true)))
}

/// What one client too many is told.
pub(super) fn too_many() -> Vec<u8> {
    Response::new(UNAVAILABLE, TEXT, "too many clients\n").write(false, true)
}

fn respond(request: &Request<'_, '_>, control: &mut Control) -> Response {
    if !matches!(request.method, Some("GET" | "HEAD")) {
        return Response::new(NOT_ALLOWED, TEXT, "only GET and HEAD\n");
    }
    let target = request.path.unwrap_or_default();
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    match path {
        "/metrics" => {
            let dialect = dialect(request.headers);
            let page = control.metrics(dialect);
            Response::new("200 OK", dialect.content_type(), page)
        }
        "/vars.json" => Response::new("200 OK", "application/json", variables(control)),
        // That it answers is what is asked.
        "/healthz" => Response::new("200 OK", TEXT, "ok\n"),
        "/readyz" if control.stats.connections.is_draining() => {
            Response::new(UNAVAILABLE, TEXT, "draining\n")
        }
        "/readyz" => Response::new("200 OK", TEXT, "ready\n"),
        _ => Response::new("404 Not Found", TEXT, PAGES),
    }
}

/// Every metric under its name in `stats`, behind the name of its group if it has one.
fn variables(control: &mut Control) -> Vec<u8> {
    let snapshot = control.snapshot();
    let metrics = METRICS.iter().filter(|it| it.is_shown(&snapshot));
    let variables = metrics.map(|metric| {
        let name = match metric.group.name() {
            "" => metric.name.to_owned(),
            group => format!("{group}/{}", metric.name),
        };
        (name, (metric.read)(&snapshot))
    });
    let mut page = Vec::new();
    let written = serde_json::Serializer::new(&mut page).collect_map(variables);
    debug_assert!(
        written.is_ok(),
        "a Vec takes every byte, and all keys are texts"
    );
    page.push(b'\n');
    page
}

/// The values of a header, as far as they are text.
fn values<'h>(headers: &'h [Header<'_>], name: &'h str) -> impl Iterator<Item = &'h str> {
    let named = headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name));
    named.filter_map(|header| str::from_utf8(header.value).ok())
}

/// Whether the connection ends with the answer: the client wants it, is too old for another, or has
/// something behind its request that would be taken for the next.
fn is_last(request: &Request<'_, '_>) -> bool {
    let headers = &*request.headers;
    let closes = |value: &str| {
        let mut words = value.split(',');
        words.any(|word| word.trim().eq_ignore_ascii_case("close"))
    };
    let has_body = values(headers, "Content-Length").any(|length| length.trim() != "0")
        || values(headers, "Transfer-Encoding").next().is_some();
    request.version != Some(1) || has_body || values(headers, "Connection").any(closes)
}

/// The format that the client likes best; the plain one if it does not say.
fn dialect(headers: &[Header<'_>]) -> Dialect {
    let weight = |wanted: &str| {
        let ranges = values(headers, "Accept").flat_map(|value| value.split(','));
        let weights = ranges.filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_meant = parts.next()?.eq_ignore_ascii_case(wanted);
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            is_meant.then(|| weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
        });
        weights.fold(0.0, f64::max)
    };
    let open = weight("application/openmetrics-text");
    if open > 0.0 && open >= weight("text/plain") {
        Dialect::OpenMetrics
    } else {
        Dialect::Text
    }
}

#[cfg(test)]
mod tests;
