"""Stores, reads, counts, compares and flushes with pymemcache: PORT, or PORT and
the file of the authority that a server with TLS is signed by."""

import ssl
import sys

from pymemcache.client.base import Client, PooledClient
from pymemcache.exceptions import MemcacheClientError, MemcacheServerError

address = ("127.0.0.1", int(sys.argv[1]))
tls = ssl.create_default_context(cafile=sys.argv[2]) if len(sys.argv) > 2 else None


def refused(error, call, *arguments):
    try:
        call(*arguments)
    except error:
        return True
    return False


for kind in (Client, PooledClient):
    client = kind(address, default_noreply=False, timeout=30, tls_context=tls)
    assert client.flush_all()
    assert client.get("k") is None
    assert client.set("k", b"v" * 100_000) and client.get("k") == b"v" * 100_000
    assert client.set("k", b"\r\n\0\xff007") and client.get("k") == b"\r\n\0\xff007"
    assert not client.add("k", b"other") and client.add("new", b"1")
    assert client.replace("k", b"b") and not client.replace("none", b"b")
    assert client.append("k", b"c") and client.prepend("k", b"a")
    assert client.get("k") == b"abc"
    assert client.incr("new", 41) == 42 and client.decr("new", 50) == 0
    assert client.incr("none", 1) is None
    value, unique = client.gets("k")
    assert value == b"abc" and client.cas("k", b"d", unique)
    assert client.cas("k", b"e", unique) is False
    assert client.cas("none", b"e", unique) is None
    many = {f"many{i}": str(i).encode() for i in range(500)}
    assert client.set_many(many) == []
    assert client.get_many(list(many) + ["none"]) == many
    assert len(client.gets_many(list(many))) == 500
    assert client.touch("k", 100) and not client.touch("none", 100)
    assert client.get("k") == b"d"
    assert client.delete("k") and not client.delete("k")
    assert client.delete_many(list(many)) and client.get_many(list(many)) == {}
    assert client.set("k", b"v", noreply=True) and client.get("k") == b"v"
    assert client.version() and client.stats()[b"curr_items"] >= 1
    assert client.stats("settings")[b"maxconns"] > 0
    assert client.flush_all() and client.get("k") is None
    assert refused(MemcacheClientError, client.incr, "text", -1)
    assert refused(MemcacheServerError, client.set, "large", b"v" * (2 << 20))
    assert client.get("large") is None
    client.close()
