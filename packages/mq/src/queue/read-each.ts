/**
 * What the messages of a batch make. One that makes nothing is a dead letter by then; if there is no other, the caller has
 * to hear of it.
 */
export async function readEach<Message, Made>(
  messages: readonly Message[],
  read: (message: Message) => Made | Promise<Made>,
): Promise<Made[]> {
  const made: Made[] = []
  const failures: unknown[] = []
  for (const message of messages) {
    try {
      made.push(await read(message))
    } catch (error) {
      failures.push(error)
    }
  }
  if (made.length === 0 && failures.length > 0) throw failures[0]
  return made
}
