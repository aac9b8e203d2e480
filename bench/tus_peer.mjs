// The peer of bench/tus.py: @tus/server with @tus/file-store, as its documentation starts it. It neither hashes nor
// encrypts nor syncs. Run in a folder where both are installed: node tus_peer.mjs PORT FOLDER
import http from 'node:http'
import { Server } from '@tus/server'
import { FileStore } from '@tus/file-store'

const [port, directory] = process.argv.slice(2)
const tus = new Server({ path: '/files', datastore: new FileStore({ directory }) })
http.createServer(tus.handle.bind(tus)).listen(Number(port), '127.0.0.1')
