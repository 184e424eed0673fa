// Reads files for Kubernetes and for Docker Compose as those would, and prints what is wrong with them, a line each.
//
//	check kubernetes.yaml compose.yaml
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
	corev1 "k8s.io/api/core/v1"
	machineryvalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/batch"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corev1conversion "k8s.io/kubernetes/pkg/apis/core/v1"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/policy"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	policyvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"
	podsecurity "k8s.io/pod-security-admission/api"
	securitypolicy "k8s.io/pod-security-admission/policy"
)

func main() {
	failed := false
	for _, file := range os.Args[1:] {
		check := checkKubernetes
		if strings.Contains(file, "compose") {
			check = checkCompose
		}
		problems, count := check(file)
		for _, problem := range problems {
			failed = true
			fmt.Printf("%s: %s\n", file, problem)
		}
		if len(problems) == 0 {
			fmt.Printf("%s: %d checked\n", file, count)
		}
	}
	if failed {
		os.Exit(1)
	}
}

// Each document is decoded as the API server does it, with its defaults, and goes through its validation. Unknown and repeated fields
// are errors. Pods have to pass the level `restricted`.
func checkKubernetes(file string) (problems []string, count int) {
	text, err := os.ReadFile(file)
	if err != nil {
		return []string{err.Error()}, 0
	}
	decoder := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDecoder()
	documents := utilyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text)))
	for buffer := make([]byte, 1<<20); ; {
		size, err := documents.Read(buffer)
		if errors.Is(err, io.EOF) {
			return problems, count
		}
		if err != nil {
			return append(problems, err.Error()), count
		}
		count++
		object, kind, err := decoder.Decode(buffer[:size], nil, nil)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		for _, err := range validate(object) {
			problems = append(problems, fmt.Sprintf("%s: %v", kind.Kind, err))
		}
		if pod := podOf(object); pod != nil {
			for _, problem := range unrestricted(pod) {
				problems = append(problems, fmt.Sprintf("%s: %s", kind.Kind, problem))
			}
		}
	}
}

func validate(object runtime.Object) field.ErrorList {
	switch object := object.(type) {
	case *core.Service:
		// The server gives each an address.
		if object.Spec.ClusterIP == "" {
			object.Spec.ClusterIP = "10.96.0.1"
		}
		object.Spec.ClusterIPs = []string{object.Spec.ClusterIP}
		return corevalidation.ValidateServiceCreate(object)
	case *apps.StatefulSet:
		return appsvalidation.ValidateStatefulSet(object, appsvalidation.StatefulSetValidationOptions{}, corevalidation.PodValidationOptions{})
	case *batch.Job:
		// As the template of one: of a Job itself the server makes the selector first.
		errs := corevalidation.ValidateObjectMeta(&object.ObjectMeta, true, machineryvalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
		template := &batch.JobTemplateSpec{Spec: object.Spec}
		return append(errs, batchvalidation.ValidateJobTemplateSpec(template, nil, nil, corevalidation.PodValidationOptions{})...)
	case *batch.CronJob:
		return batchvalidation.ValidateCronJobCreate(object, corevalidation.PodValidationOptions{})
	case *networking.Ingress:
		return networkingvalidation.ValidateIngressCreate(object)
	case *networking.NetworkPolicy:
		return networkingvalidation.ValidateNetworkPolicy(object, networkingvalidation.NetworkPolicyValidationOptions{})
	case *policy.PodDisruptionBudget:
		return policyvalidation.ValidatePodDisruptionBudget(object, policyvalidation.PodDisruptionBudgetValidationOptions{})
	case *core.ConfigMap:
		return corevalidation.ValidateConfigMap(object)
	case *core.Secret:
		return corevalidation.ValidateSecret(object)
	}
	return field.ErrorList{field.InternalError(nil, fmt.Errorf("there is no check for %T; add it to check.go", object))}
}

func podOf(object runtime.Object) *core.PodTemplateSpec {
	switch object := object.(type) {
	case *apps.StatefulSet:
		return &object.Spec.Template
	case *batch.Job:
		return &object.Spec.Template
	case *batch.CronJob:
		return &object.Spec.JobTemplate.Spec.Template
	}
	return nil
}

func unrestricted(template *core.PodTemplateSpec) (problems []string) {
	var pod corev1.PodTemplateSpec
	if err := corev1conversion.Convert_core_PodTemplateSpec_To_v1_PodTemplateSpec(template, &pod, nil); err != nil {
		return []string{err.Error()}
	}
	evaluator, err := securitypolicy.NewEvaluator(securitypolicy.DefaultChecks(), nil)
	if err != nil {
		return []string{err.Error()}
	}
	level := podsecurity.LevelVersion{Level: podsecurity.LevelRestricted, Version: podsecurity.LatestVersion()}
	result := securitypolicy.AggregateCheckResults(evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec))
	if !result.Allowed {
		problems = append(problems, result.ForbiddenDetail())
	}
	return problems
}

// As `docker compose config`: schema, variables, references between services.
func checkCompose(file string) ([]string, int) {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithEnv(os.Environ()), cli.WithInterpolation(true), cli.WithResolvedPaths(true))
	if err != nil {
		return []string{err.Error()}, 0
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return []string{err.Error()}, 0
	}
	return nil, len(project.Services)
}
