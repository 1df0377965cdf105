// Signs requests with the vendors' SDKs for Node.js: a line of JSON in, a line out. Nothing is sent: what would go to
// the network is the answer.
'use strict';

const path = require('path');
const readline = require('readline');

const modules = process.argv[2];
const load = (name) => require(path.join(modules, name));

const httpx = load('httpx');
let sent;
httpx.request = async (url, options) => {
  sent = { url, headers: options.headers, body: options.data };
  return { req: { getHeaders: () => ({}) }, statusCode: 200, headers: { 'content-type': 'application/json' } };
};
httpx.read = async () => '{}';

const { RPCClient, ROAClient } = load('@alicloud/pop-core');
const TableStore = load('tablestore');

function client(Kind, line) {
  return new Kind({
    endpoint: 'http://127.0.0.1',
    apiVersion: '2018-01-20',
    accessKeyId: line.access_key_id,
    accessKeySecret: line.access_key_secret,
    securityToken: line.security_token,
  });
}

const kinds = {
  async 'aliyun-rpc'(line) {
    await client(RPCClient, line).request('Pub', line.parameters, { method: line.method });
    return sent;
  },
  async 'aliyun-roa'(line) {
    await client(ROAClient, line).request(line.method, line.path, line.parameters, line.body, line.more);
    return sent;
  },
  async 'tablestore-v2'(line) {
    const request = { path: line.path, method: 'POST', headers: line.more };
    const keys = { accessKeyId: line.access_key_id, secretAccessKey: line.access_key_secret };
    const signer = new TableStore.Signer(request);
    signer.addAuthorization({ ...keys, securityToken: line.security_token }, new Date(1534494218000));
    return { headers: request.headers };
  },
};

async function main() {
  for await (const text of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const line = JSON.parse(text);
    process.stdout.write(`${JSON.stringify(await kinds[line.kind](line))}\n`);
  }
}

main();
