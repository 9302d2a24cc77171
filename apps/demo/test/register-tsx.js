// Preloaded instead of tsx itself, which on Node 20 leaves worker threads without its loader.
import { register } from 'tsx/esm/api'

register()
