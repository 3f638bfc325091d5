package workers

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// versioned makes a worker one of build v: the server then gives it nothing
// until that build is made current. Without a build the worker is unversioned
// and gets everything at once, as on a developer's machine. Workers of
// activities are versioned too, so that a pinned conversation's steps run on
// the code that its workflow was written with.
func versioned(v worker.WorkerDeploymentVersion, o worker.Options) worker.Options {
	if v.BuildID != "" {
		o.DeploymentOptions = worker.DeploymentOptions{
			UseVersioning: true, Version: v, DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
		}
	}
	return o
}

// pinned registers a workflow whose runs stay on the build they began on. They
// move to the current one where they continue as new, where no history has to
// fit.
func pinned(name string) workflow.RegisterOptions {
	return workflow.RegisterOptions{Name: name, VersioningBehavior: workflow.VersioningBehaviorPinned}
}

// upgraded registers a workflow whose open runs follow to the current build:
// one that is short, and whose next run ought to be the newest.
func upgraded(name string) workflow.RegisterOptions {
	return workflow.RegisterOptions{Name: name, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade}
}
