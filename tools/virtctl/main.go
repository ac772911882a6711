// The commands of virtctl that ask the API alone; its others need modules that public proxies do not serve.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kubevirt.io/client-go/kubecli"
	"kubevirt.io/client-go/log"

	"kubevirt.io/kubevirt/pkg/virtctl/clientconfig"
	"kubevirt.io/kubevirt/pkg/virtctl/create"
	"kubevirt.io/kubevirt/pkg/virtctl/pause"
	"kubevirt.io/kubevirt/pkg/virtctl/reset"
	"kubevirt.io/kubevirt/pkg/virtctl/softreboot"
	"kubevirt.io/kubevirt/pkg/virtctl/unpause"
	"kubevirt.io/kubevirt/pkg/virtctl/version"
	"kubevirt.io/kubevirt/pkg/virtctl/vm"
)

func main() {
	log.InitializeLogging("virtctl")
	root := &cobra.Command{Use: "virtctl", SilenceUsage: true, SilenceErrors: true}
	flags := root.PersistentFlags()
	flags.AddFlag(pflag.PFlagFromGoFlag(flag.CommandLine.Lookup("v")))
	root.SetOut(os.Stdout)
	root.SetContext(clientconfig.NewContext(context.Background(), kubecli.DefaultClientConfig(flags)))
	root.AddCommand(
		vm.NewStartCommand(), vm.NewStopCommand(), vm.NewRestartCommand(),
		vm.NewMigrateCommand(), vm.NewMigrateCancelCommand(),
		vm.NewGuestOsInfoCommand(), vm.NewUserListCommand(), vm.NewFSListCommand(),
		vm.NewAddVolumeCommand(), vm.NewRemoveVolumeCommand(), vm.NewExpandCommand(),
		vm.NewEvacuateCancelCommand(),
		pause.NewCommand(), unpause.NewCommand(), softreboot.NewSoftRebootCommand(),
		reset.NewResetCommand(), version.VersionCommand(), create.NewCommand(),
	)
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
