/** Longest name of a topic, in UTF-16 code units. */
export const MAX_TOPIC_LENGTH = 255

/** Whether it can name a topic. */
export function isTopic(topic: unknown): topic is string {
  return typeof topic === 'string' && topic.length > 0 && topic.length <= MAX_TOPIC_LENGTH
}

/** @throws TypeError when it cannot. */
export function checkTopic(topic: unknown): asserts topic is string {
  if (!isTopic(topic)) throw new TypeError(`a topic must be a string of 1 to ${MAX_TOPIC_LENGTH} characters`)
}
