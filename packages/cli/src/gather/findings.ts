/** What `ipc doctor` has found out about one thing. */
export interface Finding {
  readonly check: string
  /** `fail`: something of the packages does not work; `warn`: it may not, or not well; `info`: worth to know. */
  readonly status: 'ok' | 'info' | 'warn' | 'fail'
  readonly found: string
  /** What to do; only where there is something. */
  readonly todo?: string
}

/** A check: what it finds. */
export type Check = (place: { readonly directory: string }) => Finding[] | Promise<Finding[]>
