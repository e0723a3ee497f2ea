// What types of resources are called, and how they look.
import type { Phrase } from '../../lib/i18n'
import type { IconName } from '../../shell/icons'

export const groupType = 'Microsoft.Resources/resourceGroups'

const kinds: Record<string, { name: Phrase; icon: IconName }> = {
  'microsoft.resources/resourcegroups': { name: ['Resource group', '리소스 그룹'], icon: 'folder' },
  'microsoft.storage/storageaccounts': { name: ['Storage account', '스토리지 계정'], icon: 'hard-drive' },
  'microsoft.eventhub/namespaces': { name: ['Event Hubs namespace', 'Event Hubs 네임스페이스'], icon: 'radio' },
  'microsoft.eventhub/namespaces/eventhubs': { name: ['Event hub', '이벤트 허브'], icon: 'radio' },
  'microsoft.documentdb/databaseaccounts': { name: ['Cosmos DB account', 'Cosmos DB 계정'], icon: 'database' },
  'microsoft.web/sites': { name: ['Function app', '함수 앱'], icon: 'zap' },
  'microsoft.web/serverfarms': { name: ['Service plan', '서비스 플랜'], icon: 'server' },
  'microsoft.apimanagement/service': { name: ['API gateway', 'API 게이트웨이'], icon: 'network' },
  'microsoft.apimanagement/service/apis': { name: ['API', 'API'], icon: 'code' },
  'microsoft.servicebus/namespaces': { name: ['Service Bus namespace', 'Service Bus 네임스페이스'], icon: 'inbox' },
  'microsoft.streamanalytics/streamingjobs': { name: ['Stream job', '스트림 작업'], icon: 'waves' },
  'microsoft.operationalinsights/workspaces': { name: ['Log workspace', '로그 작업 영역'], icon: 'scroll-text' },
  'microsoft.insights/components': { name: ['Application Insights', 'Application Insights'], icon: 'activity' },
  'microsoft.managedidentity/userassignedidentities': { name: ['Managed identity', '관리 ID'], icon: 'users' },
  'microsoft.network/virtualnetworks': { name: ['Virtual network', '가상 네트워크'], icon: 'workflow' },
  'microsoft.network/privateendpoints': { name: ['Private endpoint', '프라이빗 엔드포인트'], icon: 'plug' },
  'microsoft.network/privatednszones': { name: ['Private DNS zone', '프라이빗 DNS 영역'], icon: 'globe' },
  'microsoft.app/containerapps': { name: ['Container app', '컨테이너 앱'], icon: 'box' },
  'microsoft.app/managedenvironments': { name: ['Container environment', '컨테이너 환경'], icon: 'boxes' },
}

// kindOf is what a type is called; one without a name of ours is called as Azure writes it.
export function kindOf(type: string): { name: Phrase; icon: IconName } {
  const last = type.slice(type.indexOf('/') + 1)
  return kinds[type.toLowerCase()] ?? { name: [last, last], icon: 'box' }
}
