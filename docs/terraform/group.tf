# The group of examples/ec2-group.yaml, managed by Terraform. It has not been tested with Terraform.
#
#   sip-proxy user-data ec2-group.yaml proxies --format base64 > user-data.base64
#   sip-proxy iam-policy ec2-group.yaml > policy.json
#   terraform apply
#   sip-proxy group roll ec2-group.yaml
#
# sip-proxy finds the group by these names and tags: FLEET-GROUP, sip-proxy:fleet, sip-proxy:host.

locals {
  fleet = "recorders-eu"
  group = "proxies"
  name  = "${local.fleet}-${local.group}"
  tags = {
    "sip-proxy:fleet"      = local.fleet
    "sip-proxy:managed-by" = "terraform" # sip-proxy group apply and delete then fail
  }
  host_tags = merge(local.tags, { Name = local.name, "sip-proxy:host" = local.group })
}

variable "subnets" { type = list(string) }
variable "security_group_ids" { type = list(string) }

# the AMI that sip-proxy image promote has published
data "aws_ssm_parameter" "ami" {
  name = "/sip-proxy/${local.fleet}/ami"
}

resource "aws_iam_role" "host" {
  name_prefix = "${local.name}-"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "host" {
  role   = aws_iam_role.host.id
  policy = file("policy.json")
}

resource "aws_iam_instance_profile" "host" {
  name_prefix = "${local.name}-"
  role        = aws_iam_role.host.name
}

resource "aws_launch_template" "proxies" {
  name                   = local.name
  image_id               = nonsensitive(data.aws_ssm_parameter.ami.value)
  instance_type          = "c7i.large"
  vpc_security_group_ids = var.security_group_ids
  user_data              = trimspace(file("user-data.base64"))
  tags                   = local.tags

  iam_instance_profile { name = aws_iam_instance_profile.host.name }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]
    content {
      resource_type = tag_specifications.value
      tags          = local.host_tags
    }
  }
}

resource "aws_autoscaling_group" "proxies" {
  name                    = local.name
  min_size                = 2
  max_size                = 6
  vpc_zone_identifier     = var.subnets
  health_check_type       = "EC2"
  default_instance_warmup = 60
  # sip-proxy group roll replaces the instances without losing calls
  wait_for_capacity_timeout = "0"

  launch_template {
    id      = aws_launch_template.proxies.id
    version = aws_launch_template.proxies.latest_version
  }

  instance_maintenance_policy {
    min_healthy_percentage = 100
    max_healthy_percentage = 110
  }

  # an instance joins when its self-test has passed, and ends when its last call has ended
  initial_lifecycle_hook {
    name                 = "sip-proxy-launch"
    lifecycle_transition = "autoscaling:EC2_INSTANCE_LAUNCHING"
    heartbeat_timeout    = 900
    default_result       = "ABANDON"
  }
  initial_lifecycle_hook {
    name                 = "sip-proxy-terminate"
    lifecycle_transition = "autoscaling:EC2_INSTANCE_TERMINATING"
    heartbeat_timeout    = 300
    default_result       = "CONTINUE"
  }

  dynamic "tag" {
    for_each = local.host_tags
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = false
    }
  }

  lifecycle {
    # group.target_calls or another program sets it
    ignore_changes = [desired_capacity]
  }
}
