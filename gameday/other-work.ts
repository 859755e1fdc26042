/**
 * What most services do besides: they answer requests. `node --import` this file, and the process lives on when its
 * consumer has ended; the example alone has nothing left to do then, and Node ends it with 13.
 */
import { createServer } from 'node:http'

createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1')
