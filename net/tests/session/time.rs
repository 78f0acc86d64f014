//! What replies tell of time, while it passes.

use crate::client::Client;

/// Sends `request` and expects `reply`.
fn exchange(client: &mut Client, request: &str, reply: &str) {
    client.send(request.as_bytes());
    assert_eq!(client.take_out(), reply, "{request}");
}

#[test]
fn the_last_access_is_not_this_one() {
    let mut client = Client::new();
    exchange(&mut client, "ms a 0 T100\r\n\r\n", "HD\r\n");
    client.map.now += 10;
    let me = "ME a exp=-90 la=10 cas=1 fetch=no cls=1 size=17\r\n";
    exchange(&mut client, "me a\r\n", me);
    exchange(&mut client, "mg a l u t\r\n", "HD l10 t90\r\n");
    exchange(&mut client, "mg a l h\r\n", "HD l10 h0\r\n");
    client.map.now += 5;
    exchange(&mut client, "mg a h l\r\n", "HD h1 l5\r\n");
    client.map.now += 1;
    let me = "ME a exp=-84 la=1 cas=1 fetch=yes cls=1 size=17\r\n";
    exchange(&mut client, "me a\r\n", me);
}

#[test]
fn an_item_that_soon_expires_is_renewed_by_one() {
    let mut client = Client::new();
    exchange(&mut client, "ms a 0 T100\r\n\r\n", "HD\r\n");
    exchange(&mut client, "mg a R30\r\n", "HD\r\n");
    client.map.now += 70;
    exchange(&mut client, "mg a R30 t\r\n", "HD t30\r\n");
    client.map.now += 1;
    exchange(
        &mut client,
        "mg a R30 t\r\nmg a R30 t\r\n",
        "HD t29 W\r\nHD t29 Z\r\n",
    );
    client.map.now += 29;
    exchange(
        &mut client,
        "mg a R30 t\r\nmg a N9 t\r\n",
        "EN\r\nHD t9 W\r\n",
    );
}
