import { defineCatalog } from 'otel-usage'

const common = { since: 1, level: 'full' } as const
const attribute = { ...common, kind: 'attribute' } as const
const words = (text: string) => text.trim().split(/\s+/)

const text = (pattern: string, maxLength: number, why: string, example: string) =>
  ({ ...attribute, type: 'string', pattern, maxLength, why, example }) as const
const flag = (why: string) => ({ ...attribute, type: 'boolean', why, example: true }) as const

/** Optimize says `Unknown` where it does not know; the engine says nothing. */
const orUnknown = <F extends object>(fact: F) => ({ ...fact, whenUnknown: 'Unknown' }) as const

/**
 * The commands that come with the engine. Those that a plugin brings are `other`, lambdas and anonymous classes too, and two reports about
 * tasks whose names are longer than 64 characters.
 */
export const COMMANDS = words(`
  AcquireJobsCmd ActivateBatchCmd ActivateJobCmd ActivateJobDefinitionCmd ActivateProcessDefinitionCmd
  ActivateProcessInstanceCmd ActivityAfterInstantiationCmd ActivityBeforeInstantiationCmd
  ActivityCancellationCmd ActivityInstanceCancellationCmd ActivityStatisticsQueryImpl AddCommentCmd
  AddGroupIdentityLinkCmd AddIdentityLinkForProcessDefinitionCmd AddUserIdentityLinkCmd AssignTaskCmd
  AuthorizationCheckCmd AuthorizationQueryImpl BatchQueryImpl BatchStatisticsQueryImpl CaseDefinitionQueryImpl
  CaseExecutionQueryImpl CaseExecutionVariableCmd CaseInstanceQueryImpl CaseSentryPartQueryImpl CheckPassword
  ClaimTaskCmd CleanableHistoricBatchReportImpl CleanableHistoricCaseInstanceReportImpl
  CleanableHistoricDecisionInstanceReportImpl CleanableHistoricProcessInstanceReportImpl CloseCaseInstanceCmd
  CompleteCaseExecutionCmd CompleteExternalTaskCmd CompleteTaskCmd CorrelateAllMessageBatchCmd
  CorrelateAllMessageCmd CorrelateMessageCmd CreateAttachmentCmd CreateAuthorizationCommand
  CreateCaseInstanceCmd CreateFilterCmd CreateGroupCmd CreateGroupQueryCmd CreateIncidentCmd CreateMembershipCmd
  CreateMigrationPlanCmd CreateNativeUserQueryCmd CreateTaskCmd CreateTenantCmd CreateTenantGroupMembershipCmd
  CreateTenantQueryCmd CreateTenantUserMembershipCmd CreateUserCmd CreateUserQueryCmd DbGroupQueryImpl
  DbMetricsReporter_ReportDbMetricsValueCmd DbTenantQueryImpl DbUserQueryImpl DecisionDefinitionQueryImpl
  DecisionRequirementsDefinitionQueryImpl DefaultJobRetryCmd DelegateTaskCmd DeleteAttachmentCmd
  DeleteAuthorizationCmd DeleteBatchCmd DeleteDeploymentCmd DeleteDeploymentFailListener_DeleteDeploymentFailCmd
  DeleteFilterCmd DeleteGroupCmd DeleteGroupIdentityLinkCmd DeleteHistoricBatchCmd DeleteHistoricCaseInstanceCmd
  DeleteHistoricCaseInstancesBulkCmd DeleteHistoricDecisionInstanceByDefinitionIdCmd
  DeleteHistoricDecisionInstanceByInstanceIdCmd DeleteHistoricDecisionInstancesBatchCmd
  DeleteHistoricDecisionInstancesBulkCmd DeleteHistoricProcessInstancesBatchCmd
  DeleteHistoricProcessInstancesCmd DeleteHistoricTaskInstanceCmd DeleteHistoricVariableInstanceCmd
  DeleteHistoricVariableInstancesByProcessInstanceIdCmd DeleteIdentityLinkForProcessDefinitionCmd DeleteJobCmd
  DeleteJobsCmd DeleteLicenseKeyCmd DeleteMembershipCmd DeleteMetricsCmd DeleteProcessDefinitionsByIdsCmd
  DeleteProcessDefinitionsByKeyCmd DeleteProcessInstanceBatchCmd DeleteProcessInstanceCmd
  DeleteProcessInstanceCommentCmd DeleteProcessInstancesCmd DeletePropertyCmd DeleteTaskCmd DeleteTaskCommentCmd
  DeleteTaskMetricsCmd DeleteTenantCmd DeleteTenantGroupMembershipCmd DeleteTenantUserMembershipCmd
  DeleteUserCmd DeleteUserIdentityLinkCmd DeleteUserInfoCmd DeleteUserOperationLogEntryCmd DeleteUserPictureCmd
  DeployCmd DeploymentFailListener_DeleteDeploymentListenerCmd DeploymentQueryImpl DeploymentStatisticsQueryImpl
  DetermineHistoryLevelCmd DisableCaseExecutionCmd EvaluateDecisionCmd EvaluateDecisionTableCmd
  EvaluateStartConditionCmd EventSubscriptionQueryImpl ExecuteFilterCountCmd ExecuteFilterListCmd
  ExecuteFilterListPageCmd ExecuteFilterSingleResultCmd ExecuteJobsCmd ExecutionQueryImpl
  ExtendLockOnExternalTaskCmd ExternalTaskQueryImpl FailedJobListener FailedJobListener_FailedJobListenerCmd
  FetchExternalTasksCmd FilterQueryImpl FindActiveActivityIdsCmd FindHistoryCleanupJobsCmd
  GetActivityInstanceCmd GetAttachmentCmd GetAttachmentContentCmd GetCamundaFormDefinitionCmd
  GetCaseExecutionVariableCmd GetCaseExecutionVariableTypedCmd GetCaseExecutionVariablesCmd
  GetDeployedProcessDefinitionCmd GetDeployedStartFormCmd GetDeployedTaskFormCmd
  GetDeploymentBpmnModelInstanceCmd GetDeploymentCaseDefinitionCmd GetDeploymentCaseDiagramCmd
  GetDeploymentCaseModelCmd GetDeploymentCmmnModelInstanceCmd GetDeploymentDecisionDefinitionCmd
  GetDeploymentDecisionDiagramCmd GetDeploymentDecisionModelCmd GetDeploymentDecisionRequirementsDefinitionCmd
  GetDeploymentDecisionRequirementsDiagramCmd GetDeploymentDecisionRequirementsModelCmd
  GetDeploymentDmnModelInstanceCmd GetDeploymentProcessDiagramCmd GetDeploymentProcessDiagramLayoutCmd
  GetDeploymentProcessModelCmd GetDeploymentResourceCmd GetDeploymentResourceForIdCmd
  GetDeploymentResourceNamesCmd GetDeploymentResourcesCmd GetExecutionVariableCmd GetExecutionVariableTypedCmd
  GetExecutionVariablesCmd GetExternalTaskErrorDetailsCmd GetFilterCmd GetFormKeyCmd
  GetHistoricExternalTaskLogErrorDetailsCmd GetHistoricJobLogExceptionStacktraceCmd GetHistoryLevelCmd
  GetIdentityLinksForProcessDefinitionCmd GetIdentityLinksForTaskCmd GetJobExceptionStacktraceCmd
  GetLicenseKeyCmd GetNextIdBlockCmd GetPasswordPolicyCmd GetProcessApplicationForDeploymentCmd
  GetProcessInstanceAttachmentsCmd GetProcessInstanceCommentsCmd GetPropertiesCmd GetRenderedStartFormCmd
  GetRenderedTaskFormCmd GetStartFormCmd GetStartFormVariablesCmd GetStaticCalledProcessDefinitionCmd
  GetSubTasksCmd GetTableCountCmd GetTableMetaDataCmd GetTableNameCmd GetTaskAttachmentCmd
  GetTaskAttachmentContentCmd GetTaskAttachmentsCmd GetTaskCommentCmd GetTaskCommentsCmd GetTaskEventsCmd
  GetTaskFormCmd GetTaskFormVariablesCmd GetTaskVariableCmd GetTaskVariableCmdTyped GetTaskVariablesCmd
  GetTelemetryDataCmd GetTopicNamesCmd GetUniqueTaskWorkerCountCmd GetUnlockedTimersByDuedateCmd
  GetUserAccountCmd GetUserInfoCmd GetUserInfoKeysCmd GetUserPictureCmd HandleExternalTaskBpmnErrorCmd
  HandleExternalTaskFailureCmd HandleTaskBpmnErrorCmd HandleTaskEscalationCmd HistoricActivityInstanceQueryImpl
  HistoricActivityStatisticsQueryImpl HistoricBatchQueryImpl HistoricCaseActivityInstanceQueryImpl
  HistoricCaseActivityStatisticsQueryImpl HistoricCaseInstanceQueryImpl HistoricDecisionInstanceQueryImpl
  HistoricDecisionInstanceStatisticsQueryImpl HistoricDetailQueryImpl HistoricExternalTaskLogQueryImpl
  HistoricIdentityLinkLogQueryImpl HistoricIncidentQueryImpl HistoricJobLogQueryImpl
  HistoricProcessInstanceQueryImpl HistoricProcessInstanceReportImpl_ExecuteDurationReportCmd
  HistoricTaskInstanceQueryImpl HistoricTaskInstanceReportImpl_ExecuteDurationCmd
 
 
  HistoricVariableInstanceQueryImpl HistoryCleanupCmd HistoryCleanupHandler_HistoryCleanupHandlerCmd
  HistoryCleanupSchedulerCmd HistoryLevelSetupCommand IncidentQueryImpl IsIdentityServiceReadOnlyCmd
  IsTelemetryEnabledCmd JobDefinitionQueryImpl JobQueryImpl LockExternalTaskCmd
  ManagementServiceImpl_DbSchemaUpgradeCmd ManagementServiceImpl_GetRegisteredDeploymentsCmd
  ManualStartCaseExecutionCmd MessageEventReceivedCmd MetricsCollectionTask_MetricsCollectionCmd
  MetricsQueryImpl MetricsQueryImpl_MetricsQueryIntervalCmd MetricsQueryImpl_MetricsQuerySumCmd
  MigrateProcessInstanceBatchCmd MigrateProcessInstanceCmd ModifyProcessInstanceAsyncCmd
  ModifyProcessInstanceCmd NativeExecutionQueryImpl NativeHistoricActivityInstanceQueryImpl
  NativeHistoricCaseActivityInstanceQueryImpl NativeHistoricCaseInstanceQueryImpl
  NativeHistoricProcessInstanceQueryImpl NativeHistoricTaskInstanceQueryImpl
  NativeHistoricVariableInstanceQueryImpl NativeHistoryDecisionInstanceQueryImpl NativeProcessInstanceQueryImpl
  NativeTaskQueryImpl NativeUserQueryImpl OptimizeCompletedHistoricActivityInstanceQueryCmd
  OptimizeCompletedHistoricIncidentsQueryCmd OptimizeCompletedHistoricProcessInstanceQueryCmd
  OptimizeCompletedHistoricTaskInstanceQueryCmd OptimizeHistoricDecisionInstanceQueryCmd
  OptimizeHistoricIdentityLinkLogQueryCmd OptimizeHistoricUserOperationsLogQueryCmd
  OptimizeHistoricVariableUpdateQueryCmd OptimizeOpenHistoricIncidentsQueryCmd
  OptimizeRunningHistoricActivityInstanceQueryCmd OptimizeRunningHistoricProcessInstanceQueryCmd
  OptimizeRunningHistoricTaskInstanceQueryCmd PatchExecutionVariablesCmd PatchTaskVariablesCmd
  ProcessDefinitionQueryImpl ProcessDefinitionStatisticsQueryImpl ProcessInstanceModificationBatchCmd
  ProcessInstanceModificationCmd ProcessInstanceQueryImpl PurgeDatabaseAndCacheCmd RecalculateJobDuedateCmd
  ReenableCaseExecutionCmd RegisterDeploymentCmd RegisterProcessApplicationCmd RemoveExecutionVariablesCmd
  RemoveTaskVariablesCmd RepeatingFailedJobListener_CreateNewTimerJobCommand ReportDbMetricsCmd
  ResolveIncidentCmd ResolveTaskCmd RestartProcessInstancesBatchCmd RestartProcessInstancesCmd SaveAttachmentCmd
  SaveAuthorizationCmd SaveFilterCmd SaveGroupCmd SaveTaskCmd SaveTenantCmd SaveUserCmd SchemaLogQueryImpl
  SchemaOperationProcessEngineClose SetAnnotationForIncidentCmd SetAnnotationForOperationLog
  SetExecutionVariablesCmd SetExternalTaskPriorityCmd SetExternalTaskRetriesCmd SetExternalTasksRetriesBatchCmd
  SetExternalTasksRetriesCmd SetJobDefinitionPriorityCmd SetJobDuedateCmd SetJobPriorityCmd SetJobRetriesCmd
  SetJobsRetriesBatchCmd SetJobsRetriesByProcessBatchCmd SetLicenseKeyCmd SetProcessDefinitionVersionCmd
  SetPropertyCmd SetRemovalTimeToHistoricBatchesCmd SetRemovalTimeToHistoricDecisionInstancesCmd
  SetRemovalTimeToHistoricProcessInstancesCmd SetTaskDescriptionCmd SetTaskDueDateCmd SetTaskFollowUpDateCmd
  SetTaskNameCmd SetTaskOwnerCmd SetTaskPriorityCmd SetTaskVariablesCmd SetUserInfoCmd SetUserPictureCmd
  SetVariablesToProcessInstancesBatchCmd SignalCmd SignalEventReceivedCmd StartProcessInstanceAtActivitiesCmd
  StartProcessInstanceCmd SubmitStartFormCmd SubmitTaskFormCmd SuccessfulJobListener SuspendBatchCmd
  SuspendJobCmd SuspendJobDefinitionCmd SuspendProcessDefinitionCmd SuspendProcessInstanceCmd TablePageQueryImpl
  TaskQueryImpl TaskReportImpl_TaskCountByCandidateGroupCmd TelemetryConfigureCmd TerminateCaseExecutionCmd
  TransitionInstanceCancellationCmd TransitionInstantiationCmd UnlockExternalTaskCmd UnlockJobCmd UnlockUserCmd
  UnregisterDeploymentCmd UnregisterProcessApplicationCmd UpdateCaseDefinitionHistoryTimeToLiveCmd
  UpdateCommentCmd UpdateDecisionDefinitionHistoryTimeToLiveCmd UpdateProcessDefinitionHistoryTimeToLiveCmd
  UpdateProcessInstancesSuspendStateBatchCmd UpdateProcessInstancesSuspendStateCmd UserOperationLogQueryImpl
  VariableInstanceQueryImpl other
`)

/**
 * Everything that Camunda Optimize reports, and the engine (Camunda 7), which reports to the same receiver. `installation`, `product.version` and
 * `telemetry-enabled` are the report's own installation id, product version and state of consent;
 * `data-collection-start-date` is the time at which its counts begin.
 */
export const catalog = defineCatalog({
  version: 1,
  prefix: 'camunda',
  levels: ['full'],
  facts: {
    'camunda.edition': {
      ...attribute,
      type: 'enum',
      values: ['community', 'enterprise'],
      why: 'Shows which edition of the product is used.',
      example: 'enterprise',
    },
    'db.system.name': orUnknown({
      ...attribute,
      type: 'enum',
      values: [
        ...([
          'elasticsearch',
          'opensearch',
          'postgresql',
          'oracle.db',
          'mysql',
          'mariadb',
          'h2database',
        ] as const),
        ...(['microsoft.sql_server', 'ibm.db2', 'cockroachdb', 'other_sql'] as const),
      ],
      why: 'Shows which databases are used, and so which must be supported.',
      example: 'elasticsearch',
    } as const),
    'camunda.db.version': orUnknown(
      text(
        '\\d[ -~]*',
        128,
        'Shows when an old version of a database is used by so few that its support can end.',
        '7.17.4',
      ),
    ),
    'camunda.engine_installation_ids': {
      ...attribute,
      type: 'uuids',
      maxItems: 64,
      why: 'Joins this report with those of the engines that Optimize takes its data from.',
      example: ['8343cc7a-8ad1-42d4-97d2-43452c0bdfa3', 'c1a1d1f0-6c07-4d0b-8c1e-2f4a5b6c7d8e'],
    },

    'camunda.license.customer': orUnknown(
      text(
        '[^\\x00-\\x1f\\x7f-\\x9f]+',
        256,
        'Names the customer that the licence was given to. It makes the report anything but anonymous.',
        'Umbrella Ltd.',
      ),
    ),
    'camunda.license.type': orUnknown(
      text('[0-9A-Za-z_-]+', 64, 'Shows which kinds of licences are in use.', 'UNIFIED'),
    ),
    'camunda.license.valid_until': orUnknown(
      text('\\d{4}-\\d{2}-\\d{2}', 10, 'Shows when licences have to be renewed.', '2029-09-01'),
    ),
    'camunda.license.unlimited': orUnknown(
      flag('Tells licences without an end from those that have to be renewed.'),
    ),
    'camunda.license.features.optimize': flag('Shows whether the licence covers Optimize.'),
    'camunda.license.features.camunda_bpm': flag('Shows whether the licence covers the engine.'),
    'camunda.license.features.cawemo': flag('Shows whether the licence covers Cawemo.'),
    'camunda.license.raw': orUnknown(
      text(
        '[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]+',
        1_024,
        'The text of the licence without its signature, for licences that are too old to be taken apart. It names the customer.',
        'customer = Umbrella Ltd.;type = UNIFIED;expiryDate = 2029-09-01;',
      ),
    ),

    'camunda.application_server.vendor': text(
      '[A-Za-z][A-Za-z ]*',
      64,
      'Shows which application servers the engine has to work with.',
      'Apache Tomcat',
    ),
    'camunda.application_server.version': text(
      '[ -~]+',
      128,
      'Shows which versions of application servers must be supported.',
      'Apache Tomcat/10.1.15',
    ),
    'camunda.jdk.vendor': text('[ -~]+', 64, 'Shows whose Java is used.', 'Eclipse Adoptium'),
    'process.runtime.version': text(
      '[0-9A-Za-z.+_-]+',
      64,
      'Shows when an old version of Java is used by so few that its support can end.',
      '17.0.9',
    ),
    'camunda.integration.camunda_bpm_run': flag('Shows whether the engine runs as Camunda Platform Run.'),
    'camunda.integration.camunda_ejb_service': flag('Shows whether the engine is used by way of EJB.'),
    'camunda.integration.jboss_subsystem': flag('Shows whether the engine runs inside JBoss.'),
    'camunda.integration.spring_boot_starter': flag('Shows whether the engine is started by Spring Boot.'),
    'camunda.integration.wildfly_subsystem': flag('Shows whether the engine runs inside WildFly.'),
    'camunda.webapp.admin': flag('Shows whether people use the Admin web application.'),
    'camunda.webapp.cockpit': flag('Shows whether people use the Cockpit web application.'),
    'camunda.webapp.tasklist': flag('Shows whether people use the Tasklist web application.'),
    'camunda.webapp.welcome': flag('Shows whether people use the Welcome web application.'),
    'camunda.commands': {
      ...common,
      kind: 'count',
      unit: '{command}',
      by: { command: COMMANDS },
      omitZero: true,
      why: 'Shows which functions of the engine are used, and how much. Commands that others have written are not named.',
      example: 30,
    },
    'camunda.metrics': {
      ...common,
      kind: 'count',
      unit: '{occurrence}',
      by: {
        metric: [
          ...(['process-instances', 'decision-instances', 'executed-decision-elements'] as const),
          'flow-node-instances',
        ],
      },
      omitZero: false,
      why: 'Shows how much work the engine does: instances of processes and decisions, and their parts.',
      example: 936,
    },
  },
})
