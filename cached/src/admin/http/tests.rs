use super::super::fixture;
use super::*;

/// What `requests` are answered with, and whether the last answer is the last.
fn answer(requests: &str) -> (String, bool) {
    let mut control = fixture::control(fixture::stats());
    let mut input = requests.as_bytes().to_vec();
    let mut answers = String::new();
    while let Some(answer) = take(&mut input, &mut control) {
        let (bytes, is_last) = match answer {
            Answer::Now(bytes) => (bytes, false),
            Answer::Last(bytes) => (bytes, true),
            Answer::Later(_) => panic!("nothing takes longer here"),
        };
        answers.push_str(str::from_utf8(&bytes).expect("text"));
        if is_last {
            return (answers, true);
        }
    }
    assert!(answers.is_empty() || input.is_empty());
    (answers, false)
}

/// The status of the answer to a request for `path`, and the body.
fn get(path: &str) -> (String, String) {
    let (answer, _) = answer(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.lines().next().expect("a status");
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())));
    (status.to_owned(), body.to_owned())
}

#[test]
fn every_page_is_answered() {
    for (path, wanted) in [
        ("/metrics", "\nmemcached_up 1\n"),
        ("/metrics?name=x", "\nmemcached_up 1\n"),
        ("/vars.json", "\"curr_items\":0,"),
        ("/vars.json", "\"segments/heap_bytes\":"),
        ("/healthz", "ok\n"),
        ("/readyz", "ready\n"),
    ] {
        let (status, body) = get(path);
        assert_eq!(status, "HTTP/1.1 200 OK");
        assert!(body.contains(wanted), "{path}: {body}");
    }
    assert_eq!(get("/").0, "HTTP/1.1 404 Not Found");
    assert!(get("/vars.json").1.ends_with("}\n"));
}

#[test]
fn one_client_too_many_would_not_know_what_it_was_told() {
    let refusal = String::from_utf8(too_many()).expect("text");
    assert!(refusal.starts_with("HTTP/1.1 503 "), "{refusal}");
    assert!(refusal.contains("\r\nConnection: close\r\n"), "{refusal}");
}

#[test]
fn a_head_would_be_followed_by_a_body_that_nobody_reads() {
    let (answer, is_last) = answer("HEAD /healthz HTTP/1.1\r\n\r\n");
    assert!(answer.contains("Content-Length: 3\r\n") && answer.ends_with("\r\n\r\n"));
    assert!(!is_last);
}

#[test]
fn what_is_no_request_for_a_page_would_be_answered_as_one() {
    let long = format!("GET /healthz HTTP/1.1\r\nx: {}", "x".repeat(REQUEST_MAX));
    let many = format!(
        "GET /healthz HTTP/1.1\r\n{}\r\n",
        "x: y\r\n".repeat(HEADERS_MAX + 1)
    );
    for (request, status) in [
        ("POST /healthz HTTP/1.1\r\n\r\n", "405 Method Not Allowed"),
        ("stats\r\nget x\r\n\r\n", "400 Bad Request"),
        ("\0\r\n\r\n", "400 Bad Request"),
        (&long, "431 Request Header Fields Too Large"),
        (&many, "431 Request Header Fields Too Large"),
    ] {
        let (answer, _) = answer(request);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{answer}"
        );
    }
    let (refused, _) = answer("POST / HTTP/1.1\r\n\r\n");
    assert!(refused.contains("\r\nAllow: GET, HEAD\r\n"));
    assert_eq!(answer("GET /healthz HTTP/1.1\r\n"), (String::new(), false));
}

#[test]
fn what_follows_a_request_would_be_taken_for_the_next_or_lost() {
    let twice = "GET /healthz HTTP/1.1\r\n\r\n".repeat(2);
    let (answers, is_last) = answer(&twice);
    assert_eq!(answers.matches("200 OK").count(), 2);
    assert!(!is_last);
    for ending in [
        "GET /healthz HTTP/1.0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nConnection: x, Close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nContent-Length: 4\r\n\r\nGET ",
        "POST /healthz HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nGET ",
    ] {
        let (answer, is_last) = answer(ending);
        assert!(
            is_last && answer.contains("\r\nConnection: close\r\n"),
            "{ending}"
        );
    }
}

#[test]
fn a_scraper_would_get_the_format_it_likes_less() {
    for (accept, wanted) in [
        ("*/*", Dialect::Text),
        ("text/plain;version=0.0.4", Dialect::Text),
        (
            "application/openmetrics-text;version=1.0.0",
            Dialect::OpenMetrics,
        ),
        (
            "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3",
            Dialect::OpenMetrics,
        ),
        (
            "text/plain;version=0.0.4;q=0.6, Application/OpenMetrics-Text;q=0.3, */*;q=0.1",
            Dialect::Text,
        ),
        ("application/openmetrics-text;q=0", Dialect::Text),
    ] {
        let header = Header {
            name: "accept",
            value: accept.as_bytes(),
        };
        assert_eq!(dialect(&[header]), wanted, "{accept}");
    }
    assert_eq!(dialect(&[]), Dialect::Text);
}

#[test]
fn a_server_that_is_being_drained_would_get_new_clients() {
    let mut control = fixture::control(fixture::stats());
    control.stats.connections.drain();
    let mut input = b"GET /readyz HTTP/1.1\r\n\r\n".to_vec();
    let Some(Answer::Now(answer)) = take(&mut input, &mut control) else {
        panic!("no answer");
    };
    assert!(answer.starts_with(b"HTTP/1.1 503 "));
}
