/** The program of threads and processes in one script, which hosts carry as text in case a bundler loses its files. */
import { isMainThread } from 'node:worker_threads'
import { serveProcess } from './serveProcess.js'
import { serveThread } from './serveThread.js'

if (isMainThread) void serveProcess()
else serveThread()
