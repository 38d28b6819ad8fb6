// Buffers, objects and worker threads: node buffers.js SIZE. Prints a checksum.
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const zlib = require('zlib');

function work(size, seed) {
    let state = seed;
    const number = () => (state = (state * 1103515245 + 12345) % 2147483648);
    const kept = new Map();
    let sum = 0;
    for (let i = 0; i < size; i++) {
        const buffer = Buffer.alloc(number() % (i % 50 ? 6000 : 300000), i % 256);
        kept.set(number() % 2000, { name: `buffer ${i}`, buffer, copies: [Buffer.from(`copy ${i}`)] });
        if (i % 200 === 0) {
            const packed = zlib.deflateSync(Buffer.concat([...kept.values()].slice(0, 20).map((e) => e.buffer)));
            sum = (sum + zlib.inflateSync(packed).length) % 1000000007;
        }
    }
    for (const entry of kept.values()) {
        sum = (sum * 31 + entry.buffer.length + entry.name.length) % 1000000007;
    }
    return sum;
}

if (isMainThread) {
    const size = Number(process.argv[2]);
    const sums = [];
    for (let i = 0; i < 2; i++) {
        const worker = new Worker(__filename, { workerData: { size, seed: i + 1 } });
        worker.on('message', (sum) => sums.push(sum));
    }
    process.on('exit', () => console.log(work(size >> 2, 3), ...sums.sort()));
} else {
    parentPort.postMessage(work(workerData.size, workerData.seed));
}
