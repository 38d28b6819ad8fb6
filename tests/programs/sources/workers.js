// Worker threads with an isolate each, buffers outside the JavaScript heap, zlib and crypto on the thread pool.
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const crypto = require('crypto');
const zlib = require('zlib');

function hash(data) {
    return crypto.createHash('sha256').update(data).digest('hex');
}

function work(seed) {
    const kept = new Map();
    for (let i = 0; i < 20000; i++) {
        kept.set((i * seed) % 5003, 'text '.repeat(i % 20) + i);
    }
    const buffers = [];
    for (let i = 0; i < 400; i++) {
        buffers.push(Buffer.alloc((i * seed * 31) % 70000, i));
    }
    const packed = zlib.deflateSync(Buffer.concat(buffers));
    return [kept.size, hash(JSON.stringify([...kept])), hash(zlib.inflateSync(packed))];
}

function inWorker(seed) {
    return new Promise((resolve, reject) => {
        const worker = new Worker(__filename, { workerData: seed });
        let answer;
        worker.on('message', (message) => { answer = message; });
        worker.on('error', reject);
        worker.on('exit', (code) => resolve([code, answer]));
    });
}

async function main() {
    console.log(await Promise.all([3, 5, 7, 11, 13].map(inWorker)));
    const packed = await Promise.all([...Array(40).keys()].map((i) => new Promise((resolve, reject) => {
        zlib.gzip(Buffer.alloc(100000, String(i)), (error, data) => error ? reject(error) : resolve(data));
    })));
    console.log(hash(Buffer.concat(packed.map((data) => zlib.gunzipSync(data)))));
    console.log(crypto.scryptSync('password', 'salt', 64).toString('hex'));
    let text = 'x';
    while (text.length < 1 << 20) {
        text += text.replace(/x/g, 'xy').slice(0, 70000);
    }
    console.log(text.length, hash(text), (3n ** 5000n).toString().length);
    process.exitCode = 3;
}

if (isMainThread) {
    main();
} else {
    parentPort.postMessage(work(workerData));
}
