import { parentPort, workerData } from 'node:worker_threads'
import { faultOf } from './database-check.ts'

parentPort!.postMessage(faultOf(String(workerData)))
