// A dock played by tus-js-client. Takes one JSON argument, prints one JSON line: where the file went, and what it became.
import fs from 'node:fs'
import * as tus from 'tus-js-client'

const { endpoint, token, path, chunkSize, metadata } = JSON.parse(process.argv[2])
const file = fs.readFileSync(path)
const said = { patches: 0, retries: 0 }

const upload = new tus.Upload(file, {
  endpoint,
  uploadSize: file.length,
  chunkSize: chunkSize ?? Infinity,
  retryDelays: Array(240).fill(250),
  headers: { Authorization: `Bearer ${token}` },
  metadata,
  onShouldRetry: () => ++said.retries,
  onAfterResponse(request, response) {
    if (request.getMethod() === 'PATCH') said.patches++
    said.object = response.getHeader('Tabard-Object') ?? said.object
    said.sha256 = response.getHeader('Tabard-Sha256') ?? said.sha256
  },
  onProgress: (sent) => fs.writeSync(2, `${sent}\n`),
  onError(error) {
    console.error(String(error))
    process.exit(1)
  },
  onSuccess() {
    console.log(JSON.stringify({ ...said, url: upload.url }))
  },
})
upload.start()
