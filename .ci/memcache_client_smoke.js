// Stores, reads, counts and removes with memcache-client over TLS: PORT CA-FILE.
"use strict";
const assert = require("node:assert");
const fs = require("node:fs");
const { MemcacheClient } = require("memcache-client");

const [port, authority] = process.argv.slice(2);

async function main() {
  const client = new MemcacheClient({
    server: { server: `127.0.0.1:${port}`, maxConnections: 3 },
    tls: { ca: fs.readFileSync(authority) },
    cmdTimeout: 30000,
  });
  const large = "v".repeat(100000);
  await client.set("large", large, { lifetime: 100 });
  assert.strictEqual((await client.get("large")).value, large);
  const keys = Array.from({ length: 200 }, (_, index) => `many${index}`);
  await Promise.all(keys.map((key) => client.set(key, key)));
  const many = await client.get(keys);
  keys.forEach((key) => assert.strictEqual(many[key].value, key));
  await client.set("count", "41");
  assert.strictEqual(await client.incr("count", 1), "42");
  await client.delete("count");
  assert.strictEqual(await client.get("count"), undefined);
  assert.match((await client.version()).join(" "), /cached/);
  client.shutdown();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
