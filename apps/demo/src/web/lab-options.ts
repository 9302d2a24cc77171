/** What the command line says of the lab. */
export interface LabOptions {
  /** Of the loopback interface; 0 lets the system choose. */
  readonly port: number
  /** Open a browser. */
  readonly open: boolean
}
