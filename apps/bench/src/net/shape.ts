import type { LinkShape } from './link.js'
import type { LinkName } from './links.js'

/** What travels, over what. */
export interface NetShape extends LinkShape {
  readonly link: LinkName
  readonly connections: number
}
