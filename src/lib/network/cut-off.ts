/** Ends a request whose client is not waited for any longer. */
import type { IncomingMessage } from 'node:http'
import { Http2ServerRequest } from 'node:http2'

/** Closes the connection of a request in HTTP/1.1, and in HTTP/2 its stream, which `destroy` of the request would leave open. */
export function cutOff(request: IncomingMessage | Http2ServerRequest): void {
  if (request instanceof Http2ServerRequest) request.stream.destroy()
  else request.destroy()
}
