/**
 * The page and the prompt as custom elements, for any page of the product:
 *
 *   <script type="module" src="/telemetry/page.js"></script>
 *   <usage-telemetry></usage-telemetry>
 *   <usage-telemetry-prompt></usage-telemetry-prompt>
 *
 * `usage-telemetry-prompt` opens by itself while nobody has decided, once a session; `open()` opens it again.
 */
import { UsageTelemetryElement, UsageTelemetryPromptElement } from './elements.tsx'

customElements.define('usage-telemetry', UsageTelemetryElement)
customElements.define('usage-telemetry-prompt', UsageTelemetryPromptElement)
