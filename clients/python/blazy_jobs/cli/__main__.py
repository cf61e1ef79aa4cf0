from blazy_jobs.cli.app import main

main()
