/** A door in front of the local STS that slams every other time. */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FlakyDoor extends AsyncDisposable {
  readonly url: string
  /** From now on every other request fails; before, none does. */
  flaky: boolean
}

export async function flakyDoor(target: string): Promise<FlakyDoor> {
  let slammed = false
  const server = createServer((incoming, outgoing) => {
    slammed = door.flaky && !slammed
    if (slammed) {
      outgoing.destroy()
      return
    }
    const { method, headers, url = '/' } = incoming
    const onward = request(new URL(url, target), { method: method ?? 'POST', headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const door: FlakyDoor = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    flaky: false,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return door
}
