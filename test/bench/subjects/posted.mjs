import { parentPort } from 'node:worker_threads'

parentPort.on('message', ({ id, request }) => parentPort.postMessage({ id, answer: request }))
