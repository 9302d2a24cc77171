/**
 * Publish and subscribe on any connection or listener.
 *
 * @packageDocumentation
 */
export { createTopics, type Topics, type TopicsOptions } from './create-topics.js'
export { type SubscribeOptions, type Subscription, subscribe } from './subscribe.js'
