import type { Runtime } from '../../src/base/clocks-and-timers.ts'
import type { MskIamSigner, MskIamSignerRequest } from '../../src/index.ts'

/** A signer that the test holds: what it gives next, and when. */
export interface FakeSigner extends MskIamSigner {
  readonly requests: MskIamSignerRequest[]
  /** Tokens live so long, ms. */
  life: number
  /** Throws what this gives, if it gives anything. */
  fail: ((call: number) => unknown) | undefined
  /** Calls wait until `release` is called. */
  hold(): void
  release(): void
}

export const transient = () => Object.assign(new Error('Rate exceeded'), { name: 'Throttling' })
export const permanent = () =>
  Object.assign(new Error('User: x is not authorized to perform: sts:AssumeRole on resource: y'), {
    name: 'AccessDenied',
  })

export function fakeSigner(runtime: Runtime, life = 900_000): FakeSigner {
  let gate: Promise<void> = Promise.resolve()
  let open: () => void = () => undefined
  const signer: FakeSigner = {
    requests: [],
    life,
    fail: undefined,
    hold() {
      gate = new Promise((resolve) => {
        open = resolve
      })
    },
    release: () => open(),
    async generateAuthToken(request) {
      const call = signer.requests.push(request)
      await gate
      const failure = signer.fail?.(call)
      if (failure !== undefined) throw failure
      return { token: `token-${call}`, expiryTime: runtime.now() + signer.life }
    },
  }
  return signer
}
