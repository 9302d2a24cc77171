import type { ReportDocument } from '../json.js'
import type { Chart } from './chart.js'
import { firstDeliveryChart } from './first-delivery.js'
import { roundTripChart } from './round-trips.js'
import { setUpChart } from './set-up.js'
import { systemCallChart } from './system-calls.js'
import { throughputCharts } from './throughput.js'

/** The charts of a run: those for which it has figures. */
export function chartsOf(document: ReportDocument): Chart[] {
  const charts = [
    ...throughputCharts(document),
    firstDeliveryChart(document),
    roundTripChart(document),
    setUpChart(document),
    systemCallChart(document),
  ]
  return charts.filter((chart) => chart !== undefined)
}
